package dev.weft.node;

import dev.weft.address.HostPort;
import dev.weft.api.ApiSettings;
import dev.weft.api.ApiVerticle;
import dev.weft.api.Doctor;
import dev.weft.api.NetChecks;
import dev.weft.api.NodeInfo;
import dev.weft.api.NodeWays;
import dev.weft.bus.Bus;
import dev.weft.bus.Reason;
import dev.weft.cluster.ClusterNode;
import dev.weft.cluster.ClusterPlace;
import dev.weft.cluster.Leases;
import dev.weft.cluster.MemberChanged;
import dev.weft.cluster.OutpostNode;
import dev.weft.cluster.SharedSettings;
import dev.weft.config.ClusterConfig;
import dev.weft.config.HttpConfig;
import dev.weft.config.ListenAddress;
import dev.weft.config.NsmConfig;
import dev.weft.config.WeftConfig;
import dev.weft.config.WiresConfig;
import dev.weft.dial.ClusterCalls;
import dev.weft.dial.WayState;
import dev.weft.dial.Ways;
import dev.weft.identity.Authorities;
import dev.weft.identity.CertificateFiles;
import dev.weft.identity.Identity;
import dev.weft.mesh.Mesh;
import dev.weft.mesh.MeshRoute;
import dev.weft.mesh.MeshVerticle;
import dev.weft.mesh.OffMesh;
import dev.weft.mesh.link.kind.ExecKind;
import dev.weft.mesh.link.kind.SerialKind;
import dev.weft.mesh.link.kind.TcpKind;
import dev.weft.mesh.link.kind.UdpKind;
import dev.weft.mesh.link.kind.UnixKind;
import dev.weft.mesh.peer.PeerDown;
import dev.weft.mesh.peer.PeerUp;
import dev.weft.net.NodeLinks;
import dev.weft.nsm.NsmVerticle;
import dev.weft.pod.PodVerticle;
import dev.weft.proxy.ClusterNodes;
import dev.weft.proxy.ProxyVerticle;
import dev.weft.proxy.carrier.ProxyTransport;
import dev.weft.proxy.quic.QuicTransport;
import dev.weft.proxy.utp.UtpTransport;
import dev.weft.reach.Nat;
import dev.weft.reach.PeerPort;
import dev.weft.reach.UdpPort;
import dev.weft.reach.path.PunchedPaths;
import dev.weft.room.RoomContext;
import dev.weft.rpc.AcceptLimits;
import dev.weft.rpc.GuardedTransport;
import dev.weft.rpc.Loop;
import dev.weft.store.DataDirectory;
import dev.weft.store.Store;
import dev.weft.subnet.AgentVerticle;
import dev.weft.subnet.SubnetVerticle;
import dev.weft.subnet.tunnel.TunnelGround;
import dev.weft.telemetry.EventLog;
import dev.weft.telemetry.Health;
import dev.weft.telemetry.Metrics;
import dev.weft.topology.TopologyFile;
import dev.weft.topology.TopologyVerticle;
import dev.weft.wire.control.WireVerticle;
import dev.weft.wire.meshnet.MeshnetVerticle;
import dev.weft.wire.meshnet.MeshnetWires;
import io.micrometer.core.instrument.FunctionCounter;
import io.netty.channel.EventLoop;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.transport.Transport;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running mesh node. */
public final class Node {
  private static final Logger log = LoggerFactory.getLogger(Node.class);

  private static final Future<Void> NOTHING = Future.succeededFuture();

  private static final Duration CLOSED_WITHIN = Duration.ofSeconds(10);

  private static final Duration REMOVED_WITHIN = Duration.ofMinutes(10);

  /** Each costs a channel or two; the mark of a loop in connection ids has 7 bits. */
  private static final int MOST_PEER_LOOPS = 32;

  private final WeftConfig config;
  private final Clock clock;
  private final Health health = new Health();
  private final Metrics metrics = new Metrics();
  private final EventLog events;
  private final int loops = Math.max(2, Runtime.getRuntime().availableProcessors());

  /** Event loops that carry wires; the other half of the processors is left to kernel and pods. */
  private final int lanes = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);

  /** The parts that run, newest first, each with how to close it. */
  private final Deque<Part> standing = new ConcurrentLinkedDeque<>();

  // What the rooms stand on, from the ground up.
  private Path scratch;
  private ClusterPlace cluster;
  private Bus bus;
  private Ways ways;
  private NodeLinks links;
  private CertificateWatch certificates;

  private NodeNat nat;

  /** To be given the paths by UDP once there are some. */
  private QuicTransport quic;

  /** Done once the mesh has one, or failed. */
  private final Promise<PeerPort> peerPort = Promise.promise();

  private Supplier<Future<Void>> openPaths = () -> NOTHING;

  private ApiVerticle api;

  private record Part(String name, Supplier<Future<Void>> close) {}

  private Node(WeftConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
    this.events = new EventLog(clock);
  }

  /**
   * Starts a node; done when every room runs, and fails with the reason of the one that did not.
   */
  public static Future<Node> start(WeftConfig config, Clock clock) {
    Node node = new Node(config, clock);
    // compose() also catches what open() throws: the data directory must not stay locked.
    return Future.<Void>succeededFuture()
        .compose(v -> node.open())
        .map(node)
        .recover(e -> node.close().transform(closed -> Future.failedFuture(e)));
  }

  public String id() {
    return cluster.self();
  }

  /** Base URL of the API as this host sees it. */
  public String url() {
    return "http://" + new HostPort(config.http().host(), api.port());
  }

  /** The gRPC port, on 127.0.0.1 and, if it serves members, on grpc.host. */
  public int grpcPort() {
    return ways.port();
  }

  /** Reads certificates, CAs and keys again; what is wrong with them is in the log and health. */
  public Future<Void> reload() {
    return certificates.reload();
  }

  /**
   * Shows in the health which changed settings only a start applies.
   *
   * @param changes as {@code grpc.port: 51111 -> 51112}; none clears it
   */
  public void needsRestart(List<String> changes) {
    health.show(
        !changes.isEmpty(),
        new Health.Warning(
            "cluster",
            "needs-restart",
            "the configuration was changed: " + String.join("; ", changes),
            "the node goes on with the former values",
            "start the node again, or change the file back and reload it"));
  }

  /** A proxy of a room's contract on this node. */
  public <C> C room(Class<C> contract) {
    return bus.proxy(contract);
  }

  /** Closes all parts in reverse order; one that fails does not keep the others from closing. */
  public Future<Void> close() {
    return closeNext()
        .map(closing -> closing.done().compose(v -> close()))
        .orElse(Future.succeededFuture());
  }

  /** Begins to close the part that was opened last of those that stand; empty if none does. */
  public Optional<Closing> closeNext() {
    Part next = standing.pollFirst();
    if (next == null) {
      metrics.close();
      return Optional.empty();
    }
    log.debug("closing {}", next.name());
    // A future without a Vert.x context: the last parts close after the event loops are gone.
    return Optional.of(
        new Closing(
            next.name(),
            removes() ? REMOVED_WITHIN : CLOSED_WITHIN,
            Future.<Void>succeededFuture()
                .compose(v -> next.close().get())
                .onFailure(e -> log.warn("{} not closed cleanly: {}", next.name(), Reason.of(e)))
                .transform(done -> Future.succeededFuture())));
  }

  /** Whether interfaces are removed, which thousands of take a while. */
  private boolean removes() {
    return config.wires().onStop() == WiresConfig.OnStop.REMOVE;
  }

  private Future<Void> open() {
    Path data = config.node().data();
    DataDirectory directory = DataDirectory.lock(data);
    stands(
        "data directory",
        () -> {
          directory.close();
          return Future.succeededFuture();
        });
    scratch = directory.scratch();
    // Where SQLite's driver unpacks its library, which it does once in a process.
    System.setProperty("org.sqlite.tmpdir", scratch.toString());
    Store store = Store.open(directory);
    stands("store", store::close);
    Identity identity = Identity.load(config.security(), data, clock);
    ReservedPorts ports = new ReservedPorts(ListenAddress.of(config));
    return store
        .next("epoch")
        .compose(epoch -> join(identity, epoch, store))
        .compose(
            joined -> {
              cluster = joined;
              stands("cluster", cluster::close);
              bus = new Bus(cluster.vertx(), cluster.self(), cluster.signer());
              events.attach(bus, cluster::name);
              warnIfInsecure();
              DiskWatch disk = new DiskWatch(cluster.vertx(), health, data);
              disk.start();
              stands("disk watch", disk::close);
              openWays(identity);
              links = NodeLinks.start(cluster.vertx(), cluster.self());
              stands("links", links::close);
              RoomContext room = new RoomContext(bus, cluster, store, health, metrics, clock);
              return SettingsWatch.start(new SharedSettings(cluster), config, health)
                  .compose(v -> deploy(rooms(room, identity)));
            })
        .compose(v -> cluster.announce(bus, config.node().name(), Version.current(), grpc(), url()))
        .onSuccess(v -> stands("announcement", cluster::leave))
        .onComplete(done -> ports.close());
  }

  /** Joins the cluster as a member, or, where the configuration says so, as an outpost. */
  private Future<ClusterPlace> join(Identity identity, long epoch, Store store) {
    ClusterConfig as = config.cluster();
    AcceptLimits limits = AcceptLimits.ofPorts();
    Transport transport = GuardedTransport.of(limits);
    FunctionCounter.builder("weft_connections_refused", limits, AcceptLimits::refused)
        .description("Connections to TCP ports that were refused, since there were too many")
        .register(metrics.registry());
    if (as.outpost(config.mesh())) {
      boolean mayBeAlone = as.role() == ClusterConfig.Role.AUTO;
      return OutpostNode.start(
          identity,
          epoch,
          store,
          health,
          vertxOptions(),
          transport,
          clock,
          mayBeAlone,
          as.forgetAfter());
    }
    return ClusterNode.start(
        as, config.security(), identity, epoch, store, health, vertxOptions(), transport, clock);
  }

  /** Opens the ways to other nodes, and has them follow certificates that are renewed. */
  private void openWays(Identity identity) {
    Vertx vertx = cluster.vertx();
    Authorities externals =
        Authorities.read(
            config.nsm().externals().stream().map(NsmConfig.External::ca).toList(), clock);
    ways = new Ways(vertx, cluster, config.grpc(), config.security(), identity, externals);
    bus.on(MemberChanged.class, change -> ways.dial().changed(change.id()));
    bus.on(PeerUp.class, peer -> ways.rendezvous().peerUp(peer.node()));
    bus.on(PeerDown.class, peer -> ways.rendezvous().peerDown(peer.node()));
    ClusterCalls calls = new ClusterCalls(cluster, ways.dial(), this::reachable);
    calls.serve(ways.listener(), bus);
    bus.beyond(calls);
    cluster.through(calls);
    stands("ways", ways::close);
    List<CertificateFiles> files = new ArrayList<>(externals.files());
    files.add(identity);
    certificates = new CertificateWatch(vertx, health, clock, files, () -> ways.dial().renew());
    certificates.start();
    stands("certificates", certificates::close);
    NodeMeters.register(metrics.registry(), health, cluster, files);
  }

  /** The nodes that the mesh leads to, nearest first. */
  private Future<List<String>> reachable() {
    return bus.proxy(Mesh.class)
        .routes()
        .map(
            routes ->
                routes.stream()
                    .sorted(
                        Comparator.comparing((MeshRoute route) -> route.hops().size() > 1)
                            .thenComparing(
                                MeshRoute::rttMicros,
                                Comparator.nullsLast(Comparator.naturalOrder())))
                    .map(MeshRoute::destination)
                    .toList());
  }

  /** The rooms from the ground up, each with its name: they start in this order. */
  private Map<String, Deployable> rooms(RoomContext room, Identity identity) {
    Map<String, Deployable> rooms = new LinkedHashMap<>();
    nat = new NodeNat(cluster.vertx(), cluster, bus.proxy(Mesh.class), config.mesh().nat());
    nat.measure(metrics.registry());
    stands("nat", nat::close);
    rooms.put("mesh", mesh(room, identity));
    rooms.put("paths", context -> config.mesh().nat().punch() ? openPaths.get() : NOTHING);
    rooms.put("pod", new PodVerticle(room));
    WireVerticle wires =
        new WireVerticle(
            room,
            ways,
            links,
            opened -> new MeshnetWires(opened, ways, config.wires()),
            config.wires(),
            lanes);
    rooms.put("wire", wires);
    rooms.put(
        "meshnet",
        new MeshnetVerticle(room, ways.listener(), links, config.grpc(), new TopologyLinks(bus)));
    rooms.put(
        "nsm",
        new NsmVerticle(
            room, config.nsm(), config.wires(), config.subnets().ranges(), ways, links));
    rooms.put("proxy", proxies(room, identity));
    Leases subnets = cluster.leases(SubnetVerticle.LEASES);
    TunnelGround ground =
        new TunnelGround(
            ways.dial(), ways.listener(), wires.opened(), config.security().mutualTls());
    rooms.put("subnet", new SubnetVerticle(room, subnets, config.subnets(), links, ground));
    // Other nodes' calls are taken once all rooms that serve them have started.
    rooms.put("gRPC port", context -> ways.open().onSuccess(v -> warnIfUnserved()));
    rooms.put("agents", new AgentVerticle(room, config.subnets().ranges()));
    rooms.put("topology", new TopologyVerticle(room, config.wires().mtu()));
    api =
        new ApiVerticle(
            room,
            apiSettings(),
            events,
            (text, source) -> TopologyFile.parse(text, source).topologies(),
            id -> ways.dial().way(id).map(way -> node(way)));
    rooms.put(
        "network checks",
        context ->
            bus.serve(
                NetChecks.class,
                new NodeNetChecks(cluster, bus.proxy(Mesh.class), nat.watch(), ways)));
    rooms.put(
        "doctor",
        context ->
            bus.serve(
                Doctor.class,
                new NodeDoctor(
                    cluster.vertx(), bus, cluster, config.cluster().join(), health, clock)));
    rooms.put("api", api);
    return rooms;
  }

  private static NodeWays.Way node(WayState way) {
    return new NodeWays.Way(way.kind(), way.path(), way.rttMicros(), way.mtu(), way.reason());
  }

  private Deployable proxies(RoomContext room, Identity identity) {
    ClusterNodes nodes = new ClusterNodes(cluster);
    Loop loop = ways.dial().pipeLoop();
    quic = new QuicTransport(cluster.vertx(), ways.dial(), ways.listener(), nodes::udpAt);
    ProxyTransport utp =
        new UtpTransport(
            cluster.vertx(),
            loop,
            identity,
            () -> nat.watch().keepalive(),
            room.metrics().registry());
    return new ProxyVerticle(room, config.proxy(), loop, nodes, List.of(quic, utp));
  }

  private Deployable mesh(RoomContext room, Identity identity) {
    if (!config.mesh().on()) {
      return context -> OffMesh.serve(bus, cluster);
    }
    Vertx vertx = cluster.vertx();
    List<Loop> on = IntStream.range(0, lanes).mapToObj(i -> Loop.of(vertx)).toList();
    UdpKind udp = new UdpKind(vertx, on, identity);
    udp.own().onSuccess(nat::open);
    openPaths = () -> openPaths(udp, on.get(0), identity);
    AtomicInteger turn = new AtomicInteger();
    Supplier<Loop> next = () -> on.get(Math.floorMod(turn.getAndIncrement(), on.size()));
    return new MeshVerticle(
        room,
        config.mesh(),
        identity,
        List.of(
            udp,
            new TcpKind(vertx, next, identity),
            new UnixKind(vertx, next),
            new ExecKind(vertx, next),
            new SerialKind(vertx, next)),
        home -> openPeerPort(home, identity));
  }

  /** The one port for connections to nodes, which may live on any event loop. */
  private Future<PeerPort> openPeerPort(Loop mesh, Identity identity) {
    Map<EventLoop, Loop> all = new LinkedHashMap<>(Map.of(mesh.netty(), mesh));
    for (int i = 0; i < Math.min(loops, MOST_PEER_LOOPS); i++) {
      Loop loop = Loop.of(cluster.vertx());
      all.putIfAbsent(loop.netty(), loop);
    }
    return PeerPort.open(List.copyOf(all.values()), identity)
        .onSuccess(ways::through)
        .onComplete(peerPort);
  }

  /** Peers are reached straight by UDP where that is possible; a node without a port goes on. */
  private Future<Void> openPaths(UdpKind udp, Loop loop, Identity identity) {
    return peerPort
        .future()
        .compose(peers -> udp.port().compose(port -> openPaths(port, peers, loop, identity)))
        .recover(
            e -> {
              log.warn("No paths by UDP straight to other nodes: {}", Reason.of(e));
              return Future.succeededFuture();
            });
  }

  private Future<Void> openPaths(UdpPort port, PeerPort peers, Loop loop, Identity identity) {
    Supplier<Nat> known = nat::watch;
    return PunchedPaths.open(
            loop, port, peers, identity, () -> known.get().keepalive(), bus::publish)
        .onSuccess(
            paths -> {
              stands("paths by udp", paths::close);
              paths.measure(metrics.registry());
              ways.straight(
                  paths,
                  new NodePlace(
                      cluster.vertx(),
                      port,
                      bus.proxy(Mesh.class),
                      known,
                      paths::seen,
                      config.subnets().ranges()));
              quic.through(paths);
              known.get().onChange(ways.rendezvous()::moved);
            })
        .mapEmpty();
  }

  private Future<Void> deploy(Map<String, Deployable> rooms) {
    Vertx vertx = cluster.vertx();
    Future<Void> done = Future.succeededFuture();
    for (Map.Entry<String, Deployable> room : rooms.entrySet()) {
      done =
          done.compose(v -> vertx.deployVerticle(room.getValue()))
              .onSuccess(id -> stands(room.getKey(), () -> vertx.undeploy(id)))
              .mapEmpty();
    }
    return done;
  }

  private void stands(String name, Supplier<Future<Void>> close) {
    standing.addFirst(new Part(name, close));
  }

  private void warnIfInsecure() {
    if (config.security().insecure() && !config.security().mutualTls()) {
      health.raise(
          new Health.Warning(
              "cluster",
              "insecure",
              "security.insecure is true and there is no certificate",
              "whoever reaches this node's ports can read and change everything",
              "make certificates with weft cert and set security.ca, cert and key"));
    }
  }

  private void warnIfUnserved() {
    ways.unserved()
        .ifPresent(
            why ->
                health.raise(
                    new Health.Warning(
                        "wire",
                        "meshnet-plugin",
                        why,
                        "meshnet's CNI plugin on this host does not find this node",
                        "end the program that has the port, if the plugin is used here")));
  }

  private ApiSettings apiSettings() {
    HttpConfig http = config.http();
    return new ApiSettings(
        http.host(),
        http.port(),
        http.socket().map(Path::toString).orElse(""),
        http.tokenFile().orElse(null),
        http.readTokenFile().orElse(null),
        new NodeInfo(
            cluster.self(),
            config.node().name(),
            Version.current(),
            cluster.epoch(),
            clock.instant()));
  }

  /** Where members dial this node, host:port; null if it serves loopback only. */
  private String grpc() {
    HostPort advertise = config.grpc().advertise();
    int port = advertise.port() == 0 ? ways.port() : advertise.port();
    return ways.serveMembers() ? new HostPort(advertise.host(), port).toString() : null;
  }

  private VertxOptions vertxOptions() {
    return new VertxOptions()
        .setPreferNativeTransport(true)
        .setFileSystemOptions(
            new FileSystemOptions().setFileCacheDir(scratch.resolve("vertx").toString()))
        .setEventLoopPoolSize(loops)
        .setWorkerPoolSize(4)
        .setInternalBlockingPoolSize(2)
        .setMaxWorkerExecuteTime(30)
        .setMaxWorkerExecuteTimeUnit(TimeUnit.SECONDS);
  }
}
