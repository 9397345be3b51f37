package dev.weft.nsm;

import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.MemberChanged;
import dev.weft.config.NsmConfig;
import dev.weft.dial.Caller;
import dev.weft.dial.Dial;
import dev.weft.dial.Ingress;
import dev.weft.dial.UnixDial;
import dev.weft.dial.UnixIngress;
import dev.weft.dial.UnixPeer;
import dev.weft.linux.Capabilities;
import dev.weft.linux.Cidr;
import dev.weft.nsm.proto.ConnectionEnd;
import dev.weft.nsm.proto.ConnectionEnded;
import dev.weft.nsm.proto.ConnectionReply;
import dev.weft.nsm.proto.ConnectionRequest;
import dev.weft.pod.Pod;
import dev.weft.pod.PodChanged;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
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
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The room's actor: puts its parts together and hands them what comes in, on one event loop. */
public final class NsmVerticle extends AbstractVerticle implements NetworkServices {
  static final String ROOM = "nsm";

  private static final Logger log = LoggerFactory.getLogger(NsmVerticle.class);
  private static final long WATCH_MILLIS = 1000;
  private static final long RENEW_MILLIS = 5000;

  /** Who removes a link waits for RCU, most of the time together with others. */
  private static final int WORKERS = 8;

  private final Bus bus;
  private final Cluster cluster;
  private final Store store;
  private final Dial dial;
  private final Ingress ingress;
  private final Health health;
  private final Metrics metrics;
  private final NsmConfig config;
  private final int mtu;
  private final Clock clock;
  private final Map<PodRef, Pod> pods = new HashMap<>();
  private List<String> lacking = List.of();
  private WorkerExecutor workers;
  private LinkThread links;
  private UnixDial unixDial;
  private ClientSockets sockets;
  private Admission admission;
  private Advertising advertising;
  private Endpoints endpoints;
  private Connections connections;
  private Carriers carriers;
  private Peers peers;
  private Connector connector;
  private Requests requests;
  private Provider provider;
  private Healer healer;
  private Leases leases;
  private KernelLinks kernel;
  private boolean watching;

  /**
   * @param mtu of connections, bytes, where the tunnel allows it
   */
  public NsmVerticle(
      Bus bus,
      Cluster cluster,
      Store store,
      Dial dial,
      Ingress ingress,
      Health health,
      Metrics metrics,
      NsmConfig config,
      int mtu,
      Clock clock) {
    this.bus = bus;
    this.cluster = cluster;
    this.store = store;
    this.dial = dial;
    this.ingress = ingress;
    this.health = health;
    this.metrics = metrics;
    this.config = config;
    this.mtu = mtu;
    this.clock = clock;
  }

  @Override
  public void start(Promise<Void> started) throws IOException {
    health.state(ROOM, Health.State.STARTING);
    lacking = NsmNeeds.lacking(Capabilities.effective());
    NsmNeeds.reportLacking(lacking, health);
    assemble();
    ingress
        .serve(Calls.PROXY, (caller, q) -> here(() -> provider.onProxy(caller, q)))
        .serve(
            Calls.RENEW,
            (caller, q) ->
                here(
                    () ->
                        Future.succeededFuture(leases.onRenew(caller, q, provider::isInProgress))))
        .serve(Calls.END, (caller, q) -> here(() -> onEnd(caller, q)));
    connections
        .load()
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
    Cidr cidr = Cidr.parse(config.cidr());
    AddressPool pool = new AddressPool(cidr, Long.parseUnsignedLong(self, 16));
    workers = vertx.createSharedWorkerExecutor("weft-nsm", WORKERS);
    unixDial = new UnixDial(vertx, self);
    kernel = new KernelLinks(self);
    admission = new Admission(config);
    endpoints = new Endpoints(cluster, store, bus);
    connections = new Connections(store, bus, self, clock, pool);
    links = new LinkThread(kernel, vertx);
    Views views = new Views(links);
    Asker asker = new Asker(unixDial, workers, pods::values);
    EndpointPods endpointPods = new EndpointPods(self, podRoom, connections, workers);
    Underlay underlay = new Underlay(cluster, config);
    peers = new Peers(dial);
    carriers = new Carriers(self, bus.proxy(Wires.class), kernel, links, workers);
    LocalTarget local = new LocalTarget(endpoints, asker, views, connections, mtu);
    RemoteTarget remote = new RemoteTarget(peers, underlay, mtu);
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
        new Provider(
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
            clock);
    requests = new Requests(connections, connector, metrics.registry());
    leases = new Leases(self, connections, peers, clock);
    healer =
        new Healer(
            cluster,
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
    advertising = new Advertising(self, endpoints, admission, workers, pods::values);
    sockets = new ClientSockets(vertx, config.sockets(), this::serveClient);
    Gauge.builder("weft_nsm_connections", connections, Connections::size)
        .description("Connections with an end on this node")
        .register(metrics.registry());
    Gauge.builder("weft_nsm_endpoints", endpoints, e -> e.mine().size())
        .description("Endpoints advertised on this node")
        .register(metrics.registry());
    Gauge.builder("weft_nsm_addresses", pool, AddressPool::used)
        .description("Blocks of nsm.cidr in use on this node")
        .register(metrics.registry());
  }

  private Future<Void> onFirstPods(List<Pod> local) {
    local.forEach(p -> pods.put(p.ref(), p));
    Set<String> kept = new HashSet<>();
    connections.all().forEach(h -> kept.add(h.connection().id()));
    Future<Void> swept =
        lacking.isEmpty()
            ? workers.executeBlocking(
                () -> {
                  for (Pod pod : local) {
                    if (pod.alive()) {
                      kernel.sweep(pod.netns(), kept);
                    }
                  }
                  return null;
                },
                false)
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
    vertx.setPeriodic(
        RENEW_MILLIS,
        id -> leases.renew(held -> healer.lost(held, "the other node does not know it")));
    health.state(ROOM, Health.State.READY);
  }

  @Override
  public void stop(Promise<Void> stopped) {
    sockets
        .close()
        .transform(done -> unixDial.close())
        .transform(done -> links.close())
        .transform(done -> workers.close())
        .onComplete(stopped);
  }

  // What programs of this host ask.

  private void serveEndpoint(UnixIngress ingress) {
    ingress
        .serve(Calls.ADVERTISE, advertising::onAdvertise)
        .serve(Calls.REMOVE, advertising::onRemove);
  }

  private void serveClient(PodRef pod, UnixIngress ingress) {
    ingress.serve(Calls.REQUEST, (peer, request) -> onRequest(pod, peer, request));
  }

  private Future<ConnectionReply> onRequest(PodRef ref, UnixPeer peer, ConnectionRequest request) {
    ClientPod pod = usable(ref);
    admission.checkClient(peer, pod);
    List<Wish> asked = Wish.of(request.getInterfaceList());
    String named = request.getLinuxNamespace();
    Future<Void> own =
        named.isEmpty()
            ? Future.succeededFuture()
            : workers.executeBlocking(
                () -> {
                  Namespaces.checkOwn(named, peer.pid(), pod);
                  return null;
                },
                false);
    return own.compose(
            v ->
                requests.request(
                    pod, request.getRequestId(), request.getNetworkServiceName(), asked))
        .map(held -> Requests.reply(held.connection()))
        .recover(
            e ->
                e instanceof Refused
                    ? Future.succeededFuture(
                        ConnectionReply.newBuilder().setAdmissionError(e.getMessage()).build())
                    : Future.failedFuture(e));
  }

  private ClientPod usable(PodRef ref) {
    if (!lacking.isEmpty()) {
      throw Fault.UNAVAILABLE.because("this node lacks " + String.join(", ", lacking));
    }
    Pod pod = pods.get(ref);
    if (pod == null) {
      throw Fault.NOT_FOUND.because("pod " + ref + ": not registered on this node");
    }
    return ClientPod.of(pod);
  }

  // What other nodes ask.

  private Future<ConnectionEnded> onEnd(Caller caller, ConnectionEnd end) {
    connections
        .find(end.getConnectionId())
        .ifPresent(
            held -> {
              Connection c = held.connection();
              boolean other =
                  !caller.local()
                      && (c.clientAt(caller.node()) || c.endpointAt(caller.node()))
                      && !caller.node().equals(cluster.self());
              if (!other) {
                throw Fault.DENIED.because("connection " + c.id() + " has no end at " + caller);
              }
              healer.onEnded(held, end.getReason(), end.getHeal());
            });
    return Future.succeededFuture(ConnectionEnded.getDefaultInstance());
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
    return Future.succeededFuture(connections.all().stream().map(Held::status).toList());
  }

  @Override
  public Future<ConnectionStatus> connection(String id) {
    return Future.succeededFuture(connections.require(id).status());
  }

  @Override
  public Future<ConnectionStatus> connect(PodRef pod, String service, String requestId) {
    return requests
        .request(usable(pod), requestId, service, List.of())
        .map(Held::status)
        .recover(
            e ->
                e instanceof Refused
                    ? Future.failedFuture(Fault.UNAVAILABLE.because(e.getMessage()))
                    : Future.failedFuture(e));
  }

  @Override
  public Future<Void> close(String id) {
    Held held = connections.require(id);
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

  /** Runs a call from another event loop on this room's. */
  private <T> Future<T> here(Supplier<Future<T>> work) {
    Promise<T> promise = Promise.promise();
    context.runOnContext(
        v -> {
          try {
            work.get().onComplete(promise);
          } catch (RuntimeException e) {
            promise.fail(WeftException.of(e));
          }
        });
    return promise.future();
  }
}
