package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Digest;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.cluster.CommonTable;
import dev.weft.cluster.Leases;
import dev.weft.cluster.OwnedTable;
import dev.weft.room.RoomContext;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers the hosts of agents. Registrations are common to all members; a heartbeat belongs to
 * the member that received it. The {@link Subnets} contract gives the subnets.
 */
public final class AgentVerticle extends AbstractVerticle implements Agents {
  private static final Logger log = LoggerFactory.getLogger(AgentVerticle.class);
  static final String NODES = "agents";
  private static final String BEATS = "agent-heartbeats";
  private static final long CHECK_MILLIS = 5000;
  private static final long DOWN_AFTER_SECONDS = 30;

  /** However often an agent sends heartbeats, the other members are told one in this time. */
  private static final long TELL_SECONDS = 5;

  private static final int MOST = 10_000;

  /**
   * @param member the node id of the member on that host, null if none runs there
   */
  private record Row(
      String hostname,
      String hostIp,
      String subnet,
      Integer cpuCores,
      Long ramMb,
      long registeredAt,
      String member) {
    /** Whoever wrote it: no hostname is to forge a line of a log. */
    Row shown() {
      return new Row(
          Fault.printable(hostname), hostIp, subnet, cpuCores, ramMb, registeredAt, member);
    }
  }

  private record Beat(long at) {}

  private final RoomContext room;
  private final List<Cidr> ranges;
  private Subnets subnets;
  private CommonTable nodes;
  private OwnedTable beats;
  private OwnedTable members;
  private final Map<String, Long> told = new HashMap<>();
  private Map<String, String> seen = new HashMap<>();

  /**
   * @param ranges of pods' addresses, which no host has
   */
  public AgentVerticle(RoomContext room, List<Cidr> ranges) {
    this.room = room;
    this.ranges = ranges;
  }

  @Override
  public void start(Promise<Void> started) {
    subnets = room.bus().proxy(Subnets.class);
    nodes = room.cluster().common(NODES);
    beats = room.cluster().owned(BEATS);
    members = room.cluster().owned(MemberDirectory.TABLE);
    vertx.setPeriodic(CHECK_MILLIS, id -> check());
    vertx.setPeriodic(CHECK_MILLIS, id -> forgetReplaced());
    room.bus().serve(Agents.class, this).onComplete(started);
  }

  @Override
  public Future<Registered> register(Registration host) {
    String address = address(host);
    if (!host.hostname().equals(Fault.printable(host.hostname()))) {
      throw Fault.invalid("hostname", host.hostname(), "no control characters, at most 200");
    }
    Optional<Map.Entry<String, String>> member = memberAt(address);
    // The id depends on the host alone, so that a repeated registration finds the earlier one.
    String id = member.map(Map.Entry::getKey).orElseGet(() -> Digest.id(address));
    Row old = rows().get(id);
    if (old == null && rows().size() >= MOST) {
      throw Fault.EXHAUSTED.because("agents: " + MOST + " are registered (expected: fewer)");
    }
    Future<String> subnet =
        member.isPresent()
            ? Future.succeededFuture(member.get().getValue())
            : subnets.lease(Leases.OUTSIDER + id);
    return subnet.compose(
        given -> {
          Row row =
              new Row(
                  host.hostname(),
                  address,
                  given,
                  host.cpuCores(),
                  host.ramMb(),
                  old == null ? now() : old.registeredAt(),
                  member.isPresent() ? id : null);
          Future<Void> kept =
              row.equals(old)
                  ? Future.succeededFuture()
                  : nodes.write(Map.of(id, Json.write(row)), Set.of());
          return kept.compose(v -> beat(id)).onSuccess(v -> check()).map(new Registered(id, given));
        });
  }

  @Override
  public Future<Void> heartbeat(String nodeId) {
    known(nodeId);
    return beat(nodeId);
  }

  @Override
  public Future<Void> deregister(String nodeId) {
    Row row = known(nodeId);
    // The row goes first: after a crash the host's next registration finds the lease that is left.
    return nodes
        .write(Map.of(), Set.of(nodeId))
        .compose(
            v ->
                row.member() == null
                    ? subnets.free(Leases.OUTSIDER + nodeId)
                    : Future.succeededFuture())
        .onSuccess(v -> check());
  }

  @Override
  public Future<List<AgentNode>> list() {
    Map<String, Long> last = lastBeats();
    List<AgentNode> list = new ArrayList<>();
    rows()
        .forEach(
            (id, row) -> {
              long at = Math.max(row.registeredAt(), last.getOrDefault(id, 0L));
              list.add(
                  new AgentNode(
                      id,
                      row.hostname(),
                      row.hostIp(),
                      row.subnet(),
                      row.cpuCores(),
                      row.ramMb(),
                      now() - at > DOWN_AFTER_SECONDS ? "down" : "up",
                      row.registeredAt(),
                      at));
            });
    return Future.succeededFuture(list);
  }

  private Future<Void> beat(String id) {
    Long last = told.get(id);
    if (last != null && now() - last < TELL_SECONDS) {
      return Future.succeededFuture();
    }
    return beats.put(id, Json.write(new Beat(now()))).onSuccess(v -> told.put(id, now()));
  }

  private Row known(String id) {
    Row row = rows().get(id);
    if (row == null) {
      throw Fault.NOT_FOUND.because(
          "node: " + Fault.printable(id) + " is not registered (expected: register first)");
    }
    return row;
  }

  private Map<String, Row> rows() {
    Map<String, Row> rows = new TreeMap<>();
    nodes
        .rows()
        .forEach((id, json) -> read(json, Row.class).ifPresent(row -> rows.put(id, row.shown())));
    return rows;
  }

  private Map<String, Long> lastBeats() {
    Map<String, Long> last = new HashMap<>();
    for (OwnedTable.Row row : beats.rows()) {
      read(row.json(), Beat.class).ifPresent(beat -> last.merge(row.key(), beat.at(), Math::max));
    }
    return last;
  }

  /** The id and the subnet of the member that has an underlay address. */
  private Optional<Map.Entry<String, String>> memberAt(String address) {
    for (OwnedTable.Row row : members.rows()) {
      Optional<MemberRow> its = read(row.json(), MemberRow.class);
      if (its.isPresent() && address.equals(its.get().endpoint()) && its.get().subnet() != null) {
        return Optional.of(Map.entry(row.node(), its.get().subnet()));
      }
    }
    return Optional.empty();
  }

  private static <T> Optional<T> read(String json, Class<T> type) {
    try {
      return Optional.of(Json.read(json, type));
    } catch (WeftException e) {
      log.warn("agent record ignored: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private void check() {
    list()
        .onSuccess(
            list -> {
              Map<String, String> now = new HashMap<>();
              list.forEach(
                  node -> {
                    now.put(node.nodeId(), node.hostname());
                    String key = node.nodeId() + " " + node.status();
                    now.put(key, node.hostname());
                    if (!seen.containsKey(key)) {
                      room.bus()
                          .publish(new AgentChanged(node.nodeId(), node.hostname(), node.status()));
                    }
                  });
              seen.forEach(
                  (key, hostname) -> {
                    if (key.indexOf(' ') < 0 && !now.containsKey(key)) {
                      room.bus().publish(new AgentChanged(key, hostname, "gone"));
                    }
                  });
              seen = now;
              // Also of a node that another member deregistered.
              told.keySet().stream()
                  .filter(id -> !now.containsKey(id))
                  .toList()
                  .forEach(this::forget);
            });
  }

  /** An agent's node whose subnet another one has by now has to register again. */
  private void forgetReplaced() {
    Map<String, Row> rows = rows();
    if (rows.isEmpty()) {
      return;
    }
    subnets
        .leases()
        .onSuccess(
            leases -> {
              Map<String, String> holders = new HashMap<>();
              leases.forEach(lease -> holders.put(lease.subnet(), lease.holder()));
              rows.forEach(
                  (id, row) -> {
                    String own = Leases.OUTSIDER + id;
                    // One that nobody has may not be known here yet.
                    if (row.member() == null
                        && !holders.getOrDefault(row.subnet(), own).equals(own)) {
                      log.warn(
                          "agent node {} lost {} while it was down", row.hostname(), row.subnet());
                      var unused = nodes.write(Map.of(), Set.of(id)).onSuccess(v -> check());
                    }
                  });
            });
  }

  private void forget(String id) {
    beats.remove(id).onSuccess(v -> told.remove(id));
  }

  private long now() {
    return room.clock().instant().getEpochSecond();
  }

  private String address(Registration host) {
    InetAddress address = Prefixes.host("host_ip", host.hostIp());
    for (Cidr range : ranges) {
      if (range.contains(address)) {
        throw Fault.invalid(
            "host_ip", host.hostIp(), "an address that a host has, not one of the pods' " + range);
      }
    }
    return IpAddress.format(address);
  }
}
