package dev.weft.nsm;

import dev.weft.address.Cidr;
import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.MemberChanged;
import dev.weft.config.NsmConfig;
import dev.weft.config.WiresConfig;
import dev.weft.dial.Dial;
import dev.weft.dial.ExternalWay;
import dev.weft.linux.Capabilities;
import dev.weft.net.NodeLinks;
import dev.weft.nsm.client.ClientCalls;
import dev.weft.nsm.client.ClientSockets;
import dev.weft.nsm.client.Connector;
import dev.weft.nsm.client.Healer;
import dev.weft.nsm.client.Requests;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionAddresses;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.KernelLinks;
import dev.weft.nsm.connection.Mechanisms;
import dev.weft.nsm.connection.NamespaceCache;
import dev.weft.nsm.connection.NamespaceIdentities;
import dev.weft.nsm.connection.Tunnels;
import dev.weft.nsm.endpoint.Admission;
import dev.weft.nsm.endpoint.Advertising;
import dev.weft.nsm.endpoint.EndpointClient;
import dev.weft.nsm.endpoint.EndpointPods;
import dev.weft.nsm.endpoint.Endpoints;
import dev.weft.nsm.endpoint.Externals;
import dev.weft.nsm.endpoint.LocalTarget;
import dev.weft.nsm.peer.ConnectionAudit;
import dev.weft.nsm.peer.EndpointSide;
import dev.weft.nsm.peer.PeerService;
import dev.weft.nsm.peer.Peers;
import dev.weft.nsm.peer.RemoteTarget;
import dev.weft.pod.Pod;
import dev.weft.pod.PodChanged;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.UnixClient;
import dev.weft.rpc.UnixListener;
import dev.weft.store.Store;
import dev.weft.telemetry.Health;
import dev.weft.telemetry.Metrics;
import dev.weft.wire.WireChanged;
import dev.weft.wire.Wires;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.time.Clock;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The room's actor: puts its parts together and hands them what comes in, on one event loop. */
public final class NsmVerticle extends AbstractVerticle implements NetworkServices {
  public static final String ROOM = "nsm";

  private static final Logger log = LoggerFactory.getLogger(NsmVerticle.class);
  private static final long WATCH_MILLIS = 1000;
  private static final long RENEW_MILLIS = 5000;

  /** Who removes a VXLAN waits for RCU; veth pairs have a thread of their own. */
  private static final int WORKERS = 8;

  private final Bus bus;
  private final Cluster cluster;
  private final Store store;
  private final Dial dial;
  private final ExternalWay externalDial;
  private final GrpcListener ingress;
  private final Health health;
  private final Metrics metrics;
  private final NodeLinks links;
  private final NsmConfig config;
  private final WiresConfig wires;
  private final Clock clock;
  private final Map<PodRef, Pod> pods = new HashMap<>();
  private List<String> lacking = List.of();
  private WorkerExecutor workers;
  private UnixClient unixDial;
  private ClientSockets sockets;
  private Advertising advertising;
  private Endpoints endpoints;
  private Connections connections;
  private Mechanisms carriers;
  private Peers peers;
  private Connector connector;
  private ClientCalls clients;
  private Externals externals;
  private EndpointSide provider;
  private Healer healer;
  private ConnectionAudit leases;
  private KernelLinks kernel;
  private boolean watching;

  /**
   * @param wires what connections have in common with wires: their MTU where the tunnel allows it,
   *     and what becomes of their interfaces when the node stops
   */
  public NsmVerticle(
      Bus bus,
      Cluster cluster,
      Store store,
      Dial dial,
      ExternalWay externalDial,
      GrpcListener ingress,
      Health health,
      Metrics metrics,
      NodeLinks links,
      NsmConfig config,
      WiresConfig wires,
      Clock clock) {
    this.bus = bus;
    this.cluster = cluster;
    this.store = store;
    this.dial = dial;
    this.externalDial = externalDial;
    this.ingress = ingress;
    this.health = health;
    this.metrics = metrics;
    this.links = links;
    this.config = config;
    this.wires = wires;
    this.clock = clock;
  }

  @Override
  public void start(Promise<Void> started) throws IOException {
    health.state(ROOM, Health.State.STARTING);
    lacking = NsmNeeds.lacking(Capabilities.effective());
    NsmNeeds.reportLacking(lacking, health);
    assemble();
    connections
        .load(refs -> workers.executeBlocking(() -> new NamespaceIdentities().of(refs), false))
        .onSuccess(
            v -> connections.all().forEach(h -> externals.remember(h.connection(), cluster.self())))
        .compose(v -> endpoints.load())
        .compose(v -> bus.<Pods>proxy(Pods.class).local())
        .compose(this::onFirstPods)
        .compose(v -> bus.serve(NetworkServices.class, this))
        .onSuccess(v -> onStarted())
        .onComplete(started);
  }

  private void assemble() {
    String self = cluster.self();
    Pods podRoom = bus.proxy(Pods.class);
    Cidr cidr = config.cidr();
    ConnectionAddresses pool = new ConnectionAddresses(cidr, Long.parseUnsignedLong(self, 16));
    workers = vertx.createSharedWorkerExecutor("weft-nsm", WORKERS);
    unixDial = new UnixClient(vertx);
    kernel = new KernelLinks(links);
    Admission admission = new Admission(config);
    externals = new Externals(config.externals(), externalDial, health, clock);
    endpoints = new Endpoints(cluster, store, bus, externals, unixDial::forget);
    connections = new Connections(store, bus, self, clock, pool);
    NamespaceCache views = new NamespaceCache(kernel);
    EndpointClient asker = new EndpointClient(unixDial, workers, pods::values, metrics.registry());
    EndpointPods endpointPods = new EndpointPods(self, podRoom, connections);
    Tunnels underlay = new Tunnels(cluster, config, links);
    peers = new Peers(dial);
    carriers = new Mechanisms(self, bus.proxy(Wires.class), kernel);
    LocalTarget local = new LocalTarget(endpoints, asker, views, connections, wires.mtu());
    RemoteTarget remote = new RemoteTarget(peers, underlay, externals, wires.mtu());
    connector =
        new Connector(
            self,
            endpoints,
            connections,
            pool,
            views,
            carriers,
            local,
            remote,
            endpointPods,
            peers,
            clock);
    provider =
        new EndpointSide(
            self,
            cidr,
            endpoints,
            connections,
            pool,
            asker,
            local,
            carriers,
            endpointPods,
            underlay,
            externals,
            clock);
    leases = new ConnectionAudit(self, connections, peers, clock);
    healer =
        new Healer(
            cluster,
            externals,
            pods,
            endpoints,
            connections,
            connector,
            provider,
            carriers,
            peers,
            workers,
            config.heal(),
            clock);
    clients =
        new ClientCalls(
            pods,
            lacking,
            admission,
            new Requests(connections, connector, metrics.registry()),
            workers);
    new PeerService(context, self, connections, provider, leases, healer::onEnded, externals)
        .addTo(ingress);
    advertising = new Advertising(self, endpoints, admission, workers, pods::values);
    sockets = new ClientSockets(vertx, config.sockets(), clients::serve);
    Gauge.builder("weft_nsm_connections", connections, Connections::size)
        .description("Connections with an end on this node")
        .register(metrics.registry());
    Gauge.builder("weft_nsm_endpoints", endpoints, e -> e.mine().size())
        .description("Endpoints advertised on this node")
        .register(metrics.registry());
    Gauge.builder("weft_nsm_addresses", pool, ConnectionAddresses::used)
        .description("Blocks of nsm.cidr in use on this node")
        .register(metrics.registry());
  }

  private Future<Void> onFirstPods(List<Pod> local) {
    local.forEach(p -> pods.put(p.ref(), p));
    Set<String> kept = new HashSet<>();
    connections.all().forEach(h -> kept.add(h.connection().id()));
    connections.all().forEach(h -> kernel.adopt(h.connection()));
    Future<Void> swept =
        lacking.isEmpty()
            ? kernel.sweep(
                local.stream().filter(Pod::alive).map(Pod::netns).collect(Collectors.toSet()), kept)
            : Future.succeededFuture();
    return swept
        .transform(
            done -> {
              if (done.failed()) {
                log.warn("leftovers not removed: {}", done.cause().getMessage());
              }
              return sockets.open(this::serveEndpoint);
            })
        .recover(
            e -> {
              NsmNeeds.reportSockets(config.sockets().toString(), e.getMessage(), health);
              return Future.succeededFuture();
            })
        .compose(v -> Future.join(local.stream().map(this::openSocket).toList()))
        .mapEmpty();
  }

  private void onStarted() {
    bus.on(PodChanged.class, change -> onPod(change.pod(), change.now()));
    bus.on(WireChanged.class, carriers::onWire);
    bus.on(
        MemberChanged.class,
        change -> {
          if (!change.joined()) {
            healer.onNodeLeft(change.id());
          }
        });
    endpoints.onChange(healer::review);
    vertx.setPeriodic(WATCH_MILLIS, id -> watch());
    vertx.setPeriodic(0, RENEW_MILLIS, id -> externals.review());
    vertx.setPeriodic(
        RENEW_MILLIS,
        id -> leases.renew(held -> healer.lost(held, "the other node does not know it")));
    health.state(ROOM, Health.State.READY);
  }

  @Override
  public void stop(Promise<Void> stopped) {
    // Nothing is healed or ended any more.
    connections.all().forEach(held -> held.busy = true);
    sockets
        .close()
        .transform(done -> removeLinks())
        .onFailure(e -> log.warn("interfaces not removed: {}", e.getMessage()))
        .transform(done -> unixDial.close())
        .transform(done -> workers.close())
        .onComplete(stopped);
  }

  /**
   * Takes the connections' interfaces away where the node is to leave none; the connections stay
   * known, and are healed after a start. Those over wires the wire room removes.
   */
  private Future<Void> removeLinks() {
    if (wires.onStop() == WiresConfig.OnStop.KEEP || !lacking.isEmpty()) {
      return Future.succeededFuture();
    }
    Set<String> namespaces = new HashSet<>();
    for (ConnectionEntry held : connections.all()) {
      Connection c = held.connection();
      if (c.clientAt(cluster.self())) {
        namespaces.add(c.client().netns());
      }
      if (c.endpointAt(cluster.self())) {
        namespaces.add(c.endpoint().netns());
      }
    }
    return kernel.sweep(namespaces, Set.of());
  }

  // What programs of this host ask.

  private void serveEndpoint(UnixListener ingress) {
    ingress
        .serve(Calls.ADVERTISE, advertising::onAdvertise)
        .serve(Calls.REMOVE, advertising::onRemove);
  }

  // What this node's other rooms ask.

  @Override
  public Future<List<NetworkService>> services() {
    Map<String, List<Endpoint>> byName = new TreeMap<>();
    endpoints
        .all()
        .forEach(e -> byName.computeIfAbsent(e.service(), s -> new java.util.ArrayList<>()).add(e));
    return Future.succeededFuture(
        byName.entrySet().stream().map(e -> new NetworkService(e.getKey(), e.getValue())).toList());
  }

  @Override
  public Future<List<ConnectionStatus>> connections() {
    return Future.succeededFuture(connections.all().stream().map(ConnectionEntry::status).toList());
  }

  @Override
  public Future<ConnectionStatus> connection(String id) {
    return Future.succeededFuture(connections.require(id).status());
  }

  @Override
  public Future<ConnectionStatus> connect(PodRef pod, String service, String requestId) {
    return clients.connect(pod, service, requestId).map(ConnectionEntry::status);
  }

  @Override
  public Future<Void> close(String id) {
    ConnectionEntry held = connections.require(id);
    if (held.busy) {
      throw Fault.PRECONDITION.because("connection " + id + ": being healed or ended (retry)");
    }
    Connection c = held.connection();
    String reason = "closed by request";
    return c.clientAt(cluster.self())
        ? connector.end(held, reason)
        : provider.drop(held, reason).compose(v -> peers.end(c.client().node(), id, reason, false));
  }

  // What happens around it.

  private void onPod(PodRef ref, Pod now) {
    boolean here = now != null && now.node().equals(cluster.self());
    if (here) {
      pods.put(ref, now);
      openSocket(now);
    } else if (pods.remove(ref) != null) {
      sockets
          .closeFor(ref)
          .onFailure(e -> log.warn("socket of pod {} not removed: {}", ref, e.getMessage()));
    }
    healer.review();
  }

  private Future<Void> openSocket(Pod pod) {
    if (EndpointPods.owns(pod.ref())) {
      return Future.succeededFuture();
    }
    return sockets
        .openFor(pod.ref())
        .recover(
            e -> {
              log.warn("no socket for pod {}: {}", pod.ref(), e.getMessage());
              return Future.succeededFuture();
            });
  }

  private void watch() {
    if (watching) {
      return;
    }
    watching = true;
    healer
        .watchEndpoints()
        .compose(v -> healer.watchLinks())
        .onFailure(e -> log.warn("connections not watched: {}", e.getMessage()))
        .onComplete(done -> watching = false);
  }
}
