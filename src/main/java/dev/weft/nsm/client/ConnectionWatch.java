package dev.weft.nsm.client;

import dev.weft.bus.Reason;
import dev.weft.linux.SocketFile;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.ConnectionLife;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.Mechanisms;
import dev.weft.nsm.connection.NamespaceIdentities;
import dev.weft.nsm.endpoint.Endpoints;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.rpc.UnixProbe;
import dev.weft.wire.WireChanged;
import dev.weft.wire.WireStatus;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every second at the endpoints, namespaces and interfaces of connections, and tells the
 * healer which are gone and which attempts are due.
 */
public final class ConnectionWatch {
  /** A record of an endpoint may be missing this long, as between two versions of it. */
  private static final Duration MISSING = Duration.ofSeconds(2);

  /** Until then the cluster's tables may be incomplete on a node that has just started. */
  private static final Duration AFTER_START = Duration.ofSeconds(15);

  /** A client's node that restarts within this time keeps its connections. */
  private static final Duration NODE_AWAY = Duration.ofSeconds(10);

  /** A path that carries is never too old. */
  private static final Duration CARRYING = Duration.ofDays(36_500);

  private static final Logger log = LoggerFactory.getLogger(ConnectionWatch.class);

  private static final int PROBED_IN = 5;

  private final RoomContext room;
  private final RoomThread thread;
  private final Map<PodRef, Pod> pods;
  private final Endpoints endpoints;
  private final Connections connections;
  private final Mechanisms mechanisms;
  private final Healer healer;
  private final PathWatch paths;
  private final UnixProbe probe;
  private int looks;
  private final Instant started;
  private final NamespaceIdentities namespaces = new NamespaceIdentities();

  /**
   * @param pods the pods of this node now
   */
  public ConnectionWatch(
      RoomContext room,
      RoomThread thread,
      Map<PodRef, Pod> pods,
      Endpoints endpoints,
      Connections connections,
      Mechanisms mechanisms,
      Healer healer,
      PathWatch paths,
      UnixProbe probe) {
    this.room = room;
    this.thread = thread;
    this.pods = pods;
    this.endpoints = endpoints;
    this.connections = connections;
    this.mechanisms = mechanisms;
    this.healer = healer;
    this.paths = paths;
    this.probe = probe;
    this.started = room.clock().instant();
  }

  /** Checks which of the connections read from disk still have their interface. */
  public Future<Void> findStanding() {
    List<ConnectionEntry> onWires = over(true);
    Future<Void> wires =
        onWires.isEmpty()
            ? Future.succeededFuture()
            : mechanisms.wires().onSuccess(found -> tell(onWires, found)).mapEmpty();
    return Future.join(wires, findBroken()).mapEmpty();
  }

  private void tell(List<ConnectionEntry> onWires, Map<String, WireStatus> wires) {
    for (ConnectionEntry entry : onWires) {
      String id = entry.connection().wireId();
      WireStatus wire = wires.get(id);
      healer.onWire(
          wire == null
              ? new WireChanged(id, "", null, null)
              : new WireChanged(id, "", wire.state(), wire.reason()));
    }
  }

  /** Looks once at all connections. */
  public Future<Void> look() {
    return lookAtEndpoints()
        .compose(v -> findBroken())
        .onComplete(done -> review())
        .onComplete(done -> probe());
  }

  /** Probes every endpoint's program once in {@value #PROBED_IN} looks, a part of them in each. */
  private void probe() {
    int turn = looks++ % PROBED_IN;
    Set<String> sockets = new HashSet<>();
    endpoints.mine().stream()
        .map(Endpoints.Advertised::socket)
        .filter(socket -> Math.floorMod(socket.hashCode(), PROBED_IN) == turn)
        .forEach(sockets::add);
    Map<String, Boolean> speaks = new HashMap<>();
    List<Future<?>> probes = new ArrayList<>();
    for (String socket : sockets) {
      probes.add(
          thread
              .home(probe.speaks(Path.of(socket)))
              .onSuccess(heard -> heard.ifPresent(yes -> speaks.put(socket, yes))));
    }
    if (!probes.isEmpty()) {
      Future.join(probes)
          .compose(v -> endpoints.probed(speaks))
          .onSuccess(v -> review())
          .onFailure(e -> log.warn("endpoints not probed: {}", Reason.of(e)));
    }
  }

  /** Looks at endpoints' sockets and namespaces. */
  private Future<Void> lookAtEndpoints() {
    Set<String> sockets = new HashSet<>();
    endpoints.mine().forEach(a -> sockets.add(a.socket()));
    Set<String> netns = new HashSet<>();
    for (ConnectionEntry entry : connections.all()) {
      if (entry.connection().endpointAt(room.self())) {
        netns.add(entry.connection().endpoint().netns());
      }
    }
    if (sockets.isEmpty() && netns.isEmpty()) {
      return Future.succeededFuture();
    }
    Map<String, Boolean> served = new HashMap<>();
    Map<String, Long> identities = new HashMap<>();
    return thread
        .blocking(
            () -> {
              for (String socket : sockets) {
                served.put(socket, SocketFile.isServed(Path.of(socket)));
              }
              identities.putAll(namespaces.of(netns));
              return null;
            })
        .compose(
            v ->
                Future.join(
                    endpoints.dead(served).stream()
                        .map(
                            dead ->
                                endpoints.remove(
                                    dead.endpoint().key(), "nobody answers on its socket"))
                        .toList()))
        .onSuccess(v -> compare(identities))
        .mapEmpty();
  }

  private void compare(Map<String, Long> identities) {
    for (ConnectionEntry entry : connections.where(c -> c.endpointAt(room.self()))) {
      Connection.Target target = entry.connection().endpoint();
      Long identity = identities.get(target.netns());
      if (identity != null && identity != target.identity()) {
        healer.lost(entry, "the endpoint's namespace is gone");
      }
    }
  }

  /** The connections that stand: those over wires, or all others. */
  private List<ConnectionEntry> over(boolean wires) {
    return connections.where(c -> (c.link().carrier() == Mechanism.WIRE) == wires).stream()
        .filter(entry -> entry.life().stands())
        .toList();
  }

  /** Looks for interfaces that another program removed. */
  private Future<Void> findBroken() {
    List<ConnectionEntry> ours = over(false);
    if (ours.isEmpty() || mechanisms.isBusy()) {
      return Future.succeededFuture();
    }
    Map<ConnectionEntry, Instant> since = new HashMap<>();
    ours.forEach(entry -> since.put(entry, entry.life().changed()));
    return mechanisms
        .broken(ours)
        .onSuccess(
            broken ->
                since.forEach(
                    (entry, changed) -> {
                      if (!entry.life().changed().equals(changed)) {
                        // Healed or ended while this look was under way.
                        return;
                      }
                      if (broken.contains(entry)) {
                        healer.lost(entry, "its interface is gone");
                      } else {
                        connections.on(entry, ConnectionLife::wayUp);
                      }
                    }))
        .mapEmpty();
  }

  /** Endpoints came, changed or went: connections that wait for one are tried at once. */
  public void onEndpoints() {
    Set<String> services = endpoints.byService().keySet();
    connections.where(c -> services.contains(c.service())).stream()
        .filter(entry -> entry.connection().clientAt(room.self()))
        .forEach(entry -> connections.on(entry, ConnectionLife::hastened));
    review();
  }

  /** Compares connections with the pods, endpoints and nodes that are there. */
  public void review() {
    if (connections.size() == 0) {
      return;
    }
    Map<String, List<Endpoint>> offered = endpoints.byService();
    for (ConnectionEntry entry : connections.where(c -> true)) {
      Connection c = entry.connection();
      if (!c.clientAt(room.self())) {
        reviewClientsNode(entry);
      } else if (!hasClient(c)) {
        healer.end(entry, "the client's pod is gone");
      } else {
        reviewEndpoint(entry, offered.getOrDefault(c.service(), List.of()));
      }
      healer.attempt(entry);
    }
  }

  private void reviewEndpoint(ConnectionEntry entry, Collection<Endpoint> offered) {
    Connection.Target target = entry.connection().endpoint();
    boolean here = target.node().equals(room.self());
    boolean early = !here && started.plus(AFTER_START).isAfter(room.clock().instant());
    Optional<Endpoint> its = offered.stream().filter(target::is).findFirst();
    if (its.isPresent() && its.get().silent() && offered.stream().anyMatch(e -> !e.silent())) {
      healer.lost(entry, "endpoint " + target.provider() + " does not answer");
    } else if (its.isPresent()) {
      connections.on(entry, (life, now) -> life.present());
    } else if (!early && !outlives(entry, target.node())) {
      healer.absent(
          entry, "endpoint " + target.provider() + " is gone", here ? Duration.ZERO : MISSING);
    }
  }

  private void reviewClientsNode(ConnectionEntry entry) {
    Connection c = entry.connection();
    Connection.Target target = c.endpoint();
    if (endpoints.mine(target.namespace(), target.provider(), c.service()).isEmpty()) {
      healer.lost(entry, "endpoint " + target.provider() + " is gone");
    } else if (endpoints.isHere(c.client().node())) {
      connections.on(entry, (life, now) -> life.present());
    } else {
      boolean carries = paths.carries(entry);
      healer.absent(entry, "the client's node is gone", carries ? CARRYING : NODE_AWAY);
    }
  }

  /** Whether a path carries though the node at its other end is not in the cluster now. */
  private boolean outlives(ConnectionEntry entry, String node) {
    return !endpoints.isHere(node) && paths.carries(entry);
  }

  /** Whether the client's pod is still the one that the connection was made for. */
  private boolean hasClient(Connection c) {
    Pod pod = pods.get(c.client().pod());
    return pod != null && pod.alive() && pod.identity() == c.client().identity();
  }
}
