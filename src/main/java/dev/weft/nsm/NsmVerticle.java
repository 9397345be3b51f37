package dev.weft.nsm;

import dev.weft.address.Cidr;
import dev.weft.cluster.MemberChanged;
import dev.weft.config.NsmConfig;
import dev.weft.config.WiresConfig;
import dev.weft.dial.Ways;
import dev.weft.net.NodeLinks;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.NamespaceIdentities;
import dev.weft.nsm.endpoint.EndpointPods;
import dev.weft.pod.Pod;
import dev.weft.pod.PodChanged;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.room.Backoff;
import dev.weft.room.Passes;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.rpc.UnixListener;
import dev.weft.telemetry.Health;
import dev.weft.wire.WireChanged;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The room's actor: passes calls, facts and timers to the room's parts, on one event loop. */
public final class NsmVerticle extends VerticleBase implements NetworkServices {
  public static final String ROOM = "nsm";

  private static final Logger log = LoggerFactory.getLogger(NsmVerticle.class);
  private static final long WATCH_MILLIS = 1000;
  private static final long RENEW_MILLIS = 5000;

  private final RoomContext room;
  private final NsmConfig config;
  private final WiresConfig wires;
  private final List<Cidr> subnets;
  private final Ways ways;
  private final NodeLinks links;
  private RoomThread thread;
  private NsmParts parts;
  private Passes looks;

  /** The pods for which there is no socket, and why. */
  private final Map<PodRef, String> unserved = new TreeMap<>();

  /**
   * @param wires what connections have in common with wires: their MTU where the tunnel allows it,
   *     and what becomes of their interfaces when the node stops
   * @param subnets the ranges of the nodes' subnets, into which no service may route
   */
  public NsmVerticle(
      RoomContext room,
      NsmConfig config,
      WiresConfig wires,
      List<Cidr> subnets,
      Ways ways,
      NodeLinks links) {
    this.room = room;
    this.config = config;
    this.wires = wires;
    this.subnets = subnets;
    this.ways = ways;
    this.links = links;
  }

  @Override
  public Future<?> start() throws IOException {
    room.health().state(ROOM, Health.State.STARTING);
    thread = new RoomThread(context);
    parts = new NsmParts(vertx, room, thread, config, wires, subnets, ways, links);
    looks = new Passes(vertx, parts.watch::look, new Backoff(new SecureRandom()));
    NsmNeeds.CAPABILITIES.report(parts.lacking, room.health());
    parts.peerServer.addTo(ways.listener());
    parts.peerServer.addTo(ways.listener(), parts.hops);
    room.bus().on(WireChanged.class, parts.healer::onWire);
    room.bus().on(WireChanged.class, parts.hops::onWire);
    return parts
        .connections
        .load(refs -> thread.blocking(() -> new NamespaceIdentities().of(refs)))
        .onSuccess(
            v ->
                parts
                    .connections
                    .all()
                    .forEach(entry -> parts.externals.remember(entry.connection(), room.self())))
        .compose(v -> parts.endpoints.load())
        .compose(v -> room.bus().proxy(Pods.class).local())
        .compose(this::onFirstPods)
        .compose(v -> room.bus().serve(NetworkServices.class, this))
        .onSuccess(v -> onStarted());
  }

  private Future<Void> onFirstPods(List<Pod> local) {
    local.forEach(pod -> parts.pods.put(pod.ref(), pod));
    Set<String> kept = new HashSet<>();
    for (ConnectionEntry entry : parts.connections.all()) {
      kept.add(entry.connection().id());
      parts.kernel.adopt(entry.connection());
    }
    Set<String> namespaces = new HashSet<>();
    local.stream()
        .filter(pod -> pod.alive() && !pod.isSegment())
        .forEach(pod -> namespaces.add(pod.netns()));
    return sweep(namespaces, kept)
        .onFailure(e -> log.warn("leftovers not removed: {}", e.getMessage()))
        .transform(
            done -> parts.lacking.isEmpty() ? parts.watch.findStanding() : Future.succeededFuture())
        .onFailure(e -> log.warn("connections not looked at: {}", e.getMessage()))
        .transform(done -> parts.sockets.open(this::serveEndpoint))
        .recover(
            e -> {
              NsmNeeds.reportSockets(config.sockets().toString(), e.getMessage(), room.health());
              return Future.succeededFuture();
            })
        .compose(v -> Future.join(local.stream().map(this::openSocket).toList()))
        .mapEmpty();
  }

  private void onStarted() {
    room.bus().on(PodChanged.class, change -> onPod(change.pod(), change.now()));
    room.bus()
        .on(
            MemberChanged.class,
            change -> {
              if (!change.joined()) {
                parts.paths.onNodeLeft(change.id(), change.name());
              }
            });
    parts.endpoints.onChange(parts.watch::onEndpoints);
    parts.chains.onChange(() -> room.bus().publish(new ChainsChanged(parts.chains.all().size())));
    thread
        .home(ways.opened())
        .compose(v -> parts.endpoints.announce())
        .onFailure(e -> log.warn("endpoints not announced: {}", e.getMessage()));
    vertx.setPeriodic(
        WATCH_MILLIS,
        id -> {
          looks.ask().onFailure(this::notWatched);
          parts.connectionMeters.look(parts.connections.all());
          parts.hopReports.review();
        });
    if (!config.probe().isZero()) {
      vertx.setPeriodic(parts.paths.every().toMillis(), id -> parts.paths.look());
    }
    vertx.setPeriodic(RENEW_MILLIS, id -> openSockets());
    vertx.setPeriodic(RENEW_MILLIS, id -> parts.hopReports.renew());
    vertx.setPeriodic(0, RENEW_MILLIS, id -> parts.externals.review());
    vertx.setPeriodic(
        RENEW_MILLIS,
        id ->
            parts.leases.renew(
                entry -> parts.healer.lost(entry, "the other node does not know it")));
    room.health().state(ROOM, Health.State.READY);
  }

  private void notWatched(Throwable e) {
    log.warn("connections not watched: {}", e.getMessage());
  }

  @Override
  public Future<?> stop() {
    parts.healer.stop();
    return looks
        .stop()
        .compose(v -> parts.sockets.close())
        .transform(done -> removeLinks())
        .onFailure(e -> log.warn("interfaces not removed: {}", e.getMessage()))
        .transform(done -> parts.close());
  }

  /**
   * Removes the interfaces of all connections if {@code wires.on-stop} says so. The connections
   * stay on disk and are healed after the next start. The wire room removes those over wires.
   */
  private Future<Void> removeLinks() {
    if (wires.onStop() == WiresConfig.OnStop.KEEP) {
      return Future.succeededFuture();
    }
    Set<String> namespaces = new HashSet<>();
    for (ConnectionEntry entry : parts.connections.all()) {
      Connection c = entry.connection();
      if (c.clientAt(room.self())) {
        namespaces.add(c.client().netns());
      }
      if (c.endpointAt(room.self())) {
        namespaces.add(c.endpoint().netns());
      }
    }
    return sweep(namespaces, Set.of());
  }

  /** Removes the interfaces of all but some connections from namespaces. */
  private Future<Void> sweep(Set<String> namespaces, Set<String> kept) {
    return !parts.lacking.isEmpty()
        ? Future.succeededFuture()
        : parts.kernel.sweep(namespaces, kept);
  }

  // What programs of this host ask.

  private void serveEndpoint(UnixListener endpointSocket) {
    endpointSocket
        .serve(Calls.ADVERTISE, parts.advertising::onAdvertise)
        .serve(Calls.REMOVE, parts.advertising::onRemove);
  }

  // What this node's other rooms ask.

  @Override
  public Future<List<NetworkService>> services() {
    return Future.succeededFuture(
        new TreeMap<>(parts.endpoints.byService())
            .entrySet().stream()
                .map(service -> new NetworkService(service.getKey(), service.getValue()))
                .toList());
  }

  @Override
  public Future<List<ConnectionStatus>> connections() {
    return Future.succeededFuture(
        parts.connections.all().stream().map(ConnectionEntry::status).toList());
  }

  @Override
  public Future<ConnectionStatus> connection(String id) {
    return Future.succeededFuture(parts.connections.require(id).status());
  }

  @Override
  public Future<ConnectionStatus> connect(PodRef pod, String service, String requestId) {
    return parts.clients.connect(pod, service, requestId).map(ConnectionEntry::status);
  }

  @Override
  public Future<Void> close(String id) {
    ConnectionEntry entry = parts.connections.require(id);
    String client = entry.connection().client().node();
    String reason = "closed by request";
    return parts
        .halves
        .end(entry, reason)
        .compose(
            v ->
                client.equals(room.self())
                    ? Future.succeededFuture()
                    : parts.peers.end(client, id, reason, false));
  }

  @Override
  public Future<List<ServiceChain>> chains() {
    return Future.succeededFuture(List.copyOf(parts.chains.all().values()));
  }

  @Override
  public Future<ServiceChain> putChain(String service, List<String> via) {
    return parts.chains.put(service, via);
  }

  @Override
  public Future<Void> removeChain(String service) {
    return parts.chains.remove(service);
  }

  // What happens around it.

  private void onPod(PodRef ref, Pod now) {
    boolean here = now != null && now.node().equals(room.self());
    if (here) {
      parts.pods.put(ref, now);
      openSocket(now);
    } else if (parts.pods.remove(ref) != null) {
      thread
          .inOrder(ref, () -> parts.sockets.closeFor(ref))
          .onFailure(e -> log.warn("socket of pod {} not removed: {}", ref, e.getMessage()));
    }
    parts.watch.review();
  }

  private Future<Void> openSocket(Pod pod) {
    if (EndpointPods.owns(pod.ref())) {
      return Future.succeededFuture();
    }
    return thread
        .inOrder(pod.ref(), () -> parts.sockets.openFor(pod.ref()))
        .onComplete(opened -> note(pod.ref(), opened.cause()))
        .transform(done -> Future.succeededFuture());
  }

  /** Health shows the pods without a socket, which are tried again as long as they are there. */
  private void note(PodRef pod, Throwable failure) {
    String before =
        failure == null ? unserved.remove(pod) : unserved.put(pod, failure.getMessage());
    if (failure != null && before == null) {
      log.warn("no socket for pod {}: {}", pod, failure.getMessage());
    }
    if (failure != null || before != null) {
      NsmNeeds.reportUnserved(unserved, room.health());
    }
  }

  private void openSockets() {
    unserved.keySet().removeIf(pod -> !parts.pods.containsKey(pod));
    NsmNeeds.reportUnserved(unserved, room.health());
    List.copyOf(unserved.keySet()).forEach(pod -> openSocket(parts.pods.get(pod)));
  }
}
