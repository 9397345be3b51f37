package dev.weft.nsm.client;

import dev.weft.address.IpAddress;
import dev.weft.bus.Reason;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.ConnectionLife;
import dev.weft.nsm.connection.ConnectionLife.Phase;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.PathProbes;
import dev.weft.nsm.connection.PathProbes.Heard;
import dev.weft.nsm.connection.PathProbes.Path;
import dev.weft.nsm.connection.Tunnels;
import dev.weft.nsm.endpoint.Endpoints;
import dev.weft.nsm.peer.PeerClient;
import dev.weft.nsm.proto.LeaseRenewal;
import dev.weft.nsm.proto.TunnelType;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Probes the paths of connections whose client is on this node, whatever carries them. A path that
 * is dead is left once another endpoint, or another way to the same one, can be had; until then the
 * connection is told to be healing. A path that carries outlives the loss of the other node in the
 * cluster, at the endpoint's node too.
 */
public final class PathWatch {
  private static final Logger log = LoggerFactory.getLogger(PathWatch.class);

  private static final int MAX_PROVIDERS = 4096;
  private static final Duration LOOK = Duration.ofMillis(PathHealth.LOOK_MILLIS);

  private final RoomContext room;
  private final RoomThread thread;
  private final Duration interval;
  private final Connections connections;
  private final Endpoints endpoints;
  private final Healer healer;
  private final PeerClient peers;
  private final Tunnels tunnels;
  private final PathProbes probes = new PathProbes();
  private final WorkerExecutor worker;
  private final Map<String, Watched> watched = new HashMap<>();

  /**
   * Providers that have answered on any path: where one of theirs is silent, that says something.
   */
  private final Set<Provider> answering = new LinkedHashSet<>();

  /** Paths that carry, as of the last round; the gauge is read on other threads. */
  private volatile int carrying;

  private Future<Void> round = Future.succeededFuture();

  /** How many looks later all paths are to be asked again. */
  private int due;

  /** The paths that were asked and have not answered. */
  private Map<String, Path> unanswered = Map.of();

  private record Provider(String node, String namespace, String name) {
    static Provider of(Connection.Target target) {
      return new Provider(target.node(), target.namespace(), target.provider());
    }
  }

  /** A connection whose path is probed. */
  private static final class Watched {
    private final PathHealth health = new PathHealth();
    private Connection.Target target;
    private Connection.Link link;
    private Optional<Instant> agreed = Optional.empty();

    /**
     * Whether other nodes are being asked whether they are there, to leave the path: false before
     * the path is gone, true after.
     */
    private final Set<Boolean> asking = new HashSet<>();

    /** Whether the endpoint's node left the cluster while the path carried. */
    private boolean left;

    /** Begins anew where the connection has another path by now, be it by the same endpoint. */
    void at(ConnectionEntry entry) {
      Connection c = entry.connection();
      if (!c.endpoint().equals(target)
          || !c.link().equals(link)
          || !entry.agreed().equals(agreed)) {
        health.renewed();
        target = c.endpoint();
        link = c.link();
        agreed = entry.agreed();
      }
    }
  }

  /**
   * Prepares it; nothing is probed before {@link #look}.
   *
   * @param interval of the probes; zero for none
   */
  public PathWatch(
      RoomContext room,
      Vertx vertx,
      RoomThread thread,
      Duration interval,
      Connections connections,
      Endpoints endpoints,
      Healer healer,
      PeerClient peers,
      Tunnels tunnels) {
    this.room = room;
    this.thread = thread;
    this.interval = interval;
    this.connections = connections;
    this.endpoints = endpoints;
    this.healer = healer;
    this.peers = peers;
    this.tunnels = tunnels;
    Gauge.builder("weft_nsm_paths_carrying", this, p -> p.carrying)
        .description("Connections through which the other end answers this node's probes")
        .register(room.metrics().registry());
    this.worker = vertx.createSharedWorkerExecutor("weft-paths-" + room.self(), 1);
  }

  /** How often to {@link #look}; zero for never. */
  public Duration every() {
    return interval.compareTo(LOOK) < 0 ? interval : LOOK;
  }

  /**
   * Asks on all paths when it is time, else looks at those that have not answered, which are asked
   * again; done when it is judged. A round under way is not overtaken.
   */
  public Future<Void> look() {
    due--;
    boolean all = due <= 0;
    if (interval.isZero() || !round.isComplete() || (!all && unanswered.isEmpty())) {
      return round;
    }
    if (all) {
      due = (int) Math.ceil(interval.toMillis() / (double) every().toMillis());
    }
    Map<String, Path> paths = all ? paths() : unanswered;
    if (all) {
      watched.keySet().retainAll(paths.keySet());
    }
    round =
        thread
            .home(
                worker.executeBlocking(() -> probes.round(List.copyOf(paths.values()), all), false))
            .onSuccess(heard -> judge(paths, heard, all))
            .onFailure(e -> log.warn("paths not probed: {}", Reason.of(e)))
            .mapEmpty();
    return round;
  }

  /** The paths to probe: of clients here, and of endpoints here whose client's node is away. */
  private Map<String, Path> paths() {
    Map<String, Path> paths = new HashMap<>();
    for (ConnectionEntry entry : connections.all()) {
      Connection c = entry.connection();
      boolean client = c.clientAt(room.self());
      if (entry.life().stands() && (client || entry.life().absent() != null)) {
        paths.put(c.id(), Path.of(c, client));
        watched.computeIfAbsent(c.id(), id -> new Watched()).at(entry);
      }
    }
    return paths;
  }

  private void judge(Map<String, Path> paths, Map<String, Heard> heard, boolean all) {
    Map<String, Future<?>> reachable = new HashMap<>();
    Map<String, Path> open = new HashMap<>();
    paths.forEach(
        (id, path) -> {
          Optional<ConnectionEntry> its =
              connections
                  .find(id)
                  .filter(entry -> entry.life().stands())
                  .filter(
                      entry ->
                          path.equals(Path.of(entry.connection(), isClient(entry.connection()))));
          Heard what = heard.get(id);
          if (what != null) {
            its.ifPresent(entry -> judge(entry, what, path, reachable));
          }
          // All were asked just now; one that is gone is not asked again in between.
          boolean silent = what == Heard.FRAMES || what == Heard.NOTHING;
          Watched known = watched.get(id);
          boolean again = silent && known != null && !known.health.isGone();
          if (its.isPresent() && (all || again)) {
            open.put(id, path);
          }
        });
    unanswered = open;
    carrying = (int) watched.values().stream().filter(w -> w.health.carries()).count();
  }

  private void judge(
      ConnectionEntry entry, Heard heard, Path path, Map<String, Future<?>> reachable) {
    Watched its = watched.get(path.id());
    Connection c = entry.connection();
    if (its == null) {
      return;
    }
    its.health.heard(heard, now());
    if (!isClient(c)) {
      return;
    }
    its.left &= !endpoints.isHere(c.endpoint().node());
    if (its.left && !carries(entry)) {
      healer.lost(entry, "node " + room.cluster().name(c.endpoint().node()) + " left");
    } else if (heard == Heard.ANSWER) {
      answering.add(Provider.of(c.endpoint()));
      if (answering.size() > MAX_PROVIDERS) {
        answering.remove(answering.iterator().next());
      }
      connections.on(entry, ConnectionLife::answered);
    } else if (its.health.isDead()
        && (its.health.isProven() || answering.contains(Provider.of(c.endpoint())))) {
      String why =
          "nothing answers at %s through its interface for %d s"
              .formatted(
                  IpAddress.format(path.other()),
                  Math.max(1, its.health.silence(now()).toSeconds()));
      if (!entry.life().is(Phase.MUTE)) {
        connections.on(entry, (life, now) -> life.muted(why, now));
      }
      leave(entry, its, why, reachable);
    }
  }

  /**
   * Moves a connection off its dead path, once a node that can give it another one answers. While
   * the node at the path's other end does not answer, it may only be held up, and all its paths
   * with it: they are left once they are gone.
   */
  private void leave(
      ConnectionEntry entry, Watched its, String why, Map<String, Future<?>> reachable) {
    boolean atLast = its.health.isGone();
    if (its.asking.contains(atLast)) {
      return;
    }
    List<String> nodes = otherNodes(entry.connection());
    if (nodes.isEmpty()) {
      return;
    }
    Connection.Target target = its.target;
    List<Future<?>> asked = new ArrayList<>();
    nodes.forEach(node -> asked.add(reachable.computeIfAbsent(node, this::reach)));
    Future<?> other = Future.any(asked);
    Future<?> free =
        atLast
            ? other
            : reachable.computeIfAbsent(target.node(), this::reach).compose(there -> other);
    its.asking.add(atLast);
    free.onComplete(done -> its.asking.remove(atLast))
        .onSuccess(
            v -> {
              if (connections.holds(entry) && target.equals(its.target) && its.health.isDead()) {
                log.debug("connection {} leaves its path: {}", entry.connection().id(), why);
                its.health.moved();
                if (its.link.carrier() == Mechanism.VXLAN) {
                  tunnels.avoid(TunnelType.VXLAN, target.node(), now());
                }
                healer.leave(entry, why);
              }
            });
  }

  /** The nodes of other endpoints, and the same one's where another way leads there. */
  private List<String> otherNodes(Connection c) {
    Set<String> nodes = new LinkedHashSet<>();
    endpoints.of(c.service()).stream()
        .filter(e -> !e.silent() && !c.endpoint().is(e))
        .map(Endpoint::node)
        .forEach(nodes::add);
    if (c.link().carrier() == Mechanism.VXLAN && tunnels.hasOther(TunnelType.VXLAN)) {
      nodes.add(c.endpoint().node());
    }
    return List.copyOf(nodes);
  }

  private Future<?> reach(String node) {
    return node.equals(room.self())
        ? Future.succeededFuture()
        : thread.home(peers.renew(node, LeaseRenewal.getDefaultInstance()));
  }

  /** Whether frames of a connection cross, by what its probes say. */
  boolean carries(ConnectionEntry entry) {
    Watched its = watched.get(entry.connection().id());
    return its != null && entry.life().is(Phase.UP) && its.health.carries();
  }

  /** A node left: connections to its endpoints are lost, but those whose path still carries. */
  public void onNodeLeft(String node, String name) {
    connections
        .where(c -> isClient(c) && c.endpointAt(node))
        .forEach(
            entry -> {
              if (carries(entry)) {
                watched.get(entry.connection().id()).left = true;
              } else {
                healer.lost(entry, "node " + name + " left");
              }
            });
  }

  private boolean isClient(Connection c) {
    return c.clientAt(room.self());
  }

  private Instant now() {
    return room.clock().instant();
  }

  /** Nothing is probed any more. */
  public Future<Void> close() {
    return round
        .transform(
            done ->
                worker.executeBlocking(
                    () -> {
                      probes.close();
                      return null;
                    },
                    false))
        .transform(done -> worker.close());
  }
}
