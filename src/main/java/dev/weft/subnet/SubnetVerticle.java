package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Leases;
import dev.weft.cluster.MemberChanged;
import dev.weft.config.SubnetsConfig;
import dev.weft.linux.Capabilities;
import dev.weft.linux.Capability;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNetns;
import dev.weft.pod.Pod;
import dev.weft.pod.PodChanged;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.rpc.GrpcListener;
import dev.weft.store.Store;
import dev.weft.telemetry.CapabilityNeeds;
import dev.weft.telemetry.Health;
import dev.weft.telemetry.Metrics;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Owns this node's subnet: the lease, the addresses, and what the kernel has of all subnets. */
public final class SubnetVerticle extends AbstractVerticle implements Subnets {
  static final String ROOM = "subnet";

  private static final CapabilityNeeds NEEDS =
      new CapabilityNeeds(
          ROOM,
          "this node makes no routes, no overlay and no pod interfaces; leases and addresses are"
              + " given all the same",
          List.of(
              new CapabilityNeeds.Need(Capability.CAP_NET_ADMIN, "make routes and devices"),
              new CapabilityNeeds.Need(
                  Capability.CAP_SYS_ADMIN, "enter pods' network namespaces")));

  /** Name of the leases in the cluster room. */
  public static final String LEASES = "subnets";

  private static final Logger log = LoggerFactory.getLogger(SubnetVerticle.class);
  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final String AUTO = "auto";

  private final Bus bus;
  private final Cluster cluster;
  private final Leases leases;
  private final Store store;
  private final Health health;
  private final Metrics metrics;
  private final SubnetsConfig config;
  private final NodeLinks links;
  private GrpcListener runtime;
  private final SubnetRange range;
  private final Warnings warnings;
  private Pods pods;
  private LeaseKeeper keeper;
  private MemberDirectory directory;
  private Allocations allocations;
  private InjectedRoutes injected;
  private SubnetKernel kernel;
  private String noKernel;
  private Timer passes;
  private Observed observed = Observed.NOTHING;
  private List<Wanted.Peer> peers = List.of();
  private SubnetChanged lastChange;
  private boolean passing;
  private Promise<Void> nextPass;

  /** */
  public SubnetVerticle(
      Bus bus,
      Cluster cluster,
      Leases leases,
      Store store,
      Health health,
      Metrics metrics,
      SubnetsConfig config,
      NodeLinks links) {
    this.bus = bus;
    this.cluster = cluster;
    this.leases = leases;
    this.store = store;
    this.health = health;
    this.metrics = metrics;
    this.config = config;
    this.links = links;
    this.range = new SubnetRange(config.cidr(), config.prefix());
    this.warnings = new Warnings(health, config);
  }

  @Override
  public void start(Promise<Void> started) {
    health.state(ROOM, Health.State.STARTING);
    pods = bus.proxy(Pods.class);
    keeper = new LeaseKeeper(cluster, leases, store, range, config.leaseGrace(), System::nanoTime);
    directory = new MemberDirectory(cluster, keeper, range);
    allocations = new Allocations(store);
    this.<Void>blocking(
            () -> {
              openKernel();
              return null;
            })
        .compose(
            v -> {
              injected = new InjectedRoutes(store, bus, this::blocking, kernel);
              return Future.all(keeper.load(), allocations.load(), injected.load());
            })
        .compose(v -> bus.serve(Subnets.class, this))
        .compose(v -> openRuntime())
        .onSuccess(v -> onStarted())
        .onComplete(started);
  }

  private void openKernel() throws IOException {
    List<String> lacking = NEEDS.lacking(Capabilities.effective());
    NEEDS.report(lacking, health);
    if (!lacking.isEmpty()) {
      noKernel = "this node lacks " + String.join(", ", lacking);
      return;
    }
    try {
      kernel =
          SubnetKernel.open(
              OpenNetns.current(), links, range.cidr(), config.overlay(), config.underlay());
    } catch (WeftException | IOException e) {
      noKernel = e.getMessage();
      warnings.kernelRefused(noKernel);
    }
  }

  private Future<Void> openRuntime() {
    if (config.runtime().isEmpty()) {
      return Future.succeededFuture();
    }
    HostPort at = config.runtime().get();
    runtime = new GrpcListener(vertx);
    new QuiltRuntime(this, context).serveOn(runtime);
    return runtime
        .listenLocally(at.host(), at.port())
        .onSuccess(port -> log.info("Starting gRPC server on 127.0.0.1:{}", port))
        .<Void>mapEmpty()
        .recover(
            e -> {
              warnings.runtimeRefused(e.getMessage());
              return Future.succeededFuture();
            });
  }

  private void onStarted() {
    passes =
        Timer.builder("weft_subnet_reconcile")
            .description("Passes over the kernel's routes and devices")
            .register(metrics.registry());
    gauge("weft_subnet_peers", "Members whose subnets have a route", () -> peers.size());
    gauge("weft_subnet_addresses", "Addresses in use", () -> allocations.size());
    gauge("weft_subnet_injected_routes", "Routes injected", () -> injected.size());
    gauge("weft_subnet_route_problems", "Routes missing", () -> observed.problems().size());
    directory.onChange(this::pass);
    leases.onChange(this::pass);
    bus.on(MemberChanged.class, change -> pass());
    bus.on(PodChanged.class, change -> pass());
    vertx.setPeriodic(EVERY.toMillis(), id -> pass());
    health.state(ROOM, Health.State.READY);
    pass();
  }

  private void gauge(String name, String description, java.util.function.Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(metrics.registry());
  }

  @Override
  public void stop(Promise<Void> stopped) {
    Future<Void> closed = runtime == null ? Future.succeededFuture() : runtime.close();
    closed
        .transform(
            done ->
                this.<Void>blocking(
                    () -> {
                      if (kernel != null) {
                        if (config.onStop() == SubnetsConfig.OnStop.REMOVE) {
                          kernel.removeAll();
                        }
                        kernel.close();
                      }
                      return null;
                    }))
        .onComplete(stopped);
  }

  // What others ask of this room.

  @Override
  public Future<List<SubnetView>> leases() {
    Map<String, MemberRow> rows = directory.rows();
    List<SubnetView> views = new ArrayList<>();
    for (Leases.Lease lease : keeper.all()) {
      MemberRow row = rows.get(lease.holder());
      views.add(
          new SubnetView(
              lease.key(),
              lease.holder(),
              keeper.nameOf(lease.holder()),
              lease.holder().equals(cluster.self()),
              cluster.member(lease.holder()).isPresent(),
              row == null ? null : row.endpoint(),
              row == null ? 0 : row.mtu()));
    }
    return Future.succeededFuture(views);
  }

  @Override
  public Future<Void> free(String holder) {
    return keeper.free(holder).onSuccess(v -> pass());
  }

  @Override
  public Future<Void> configure(String subnet) {
    Cidr wanted = range.check(subnet);
    Optional<Cidr> present = keeper.subnet();
    if (present.filter(wanted::equals).isPresent() && keeper.held()) {
      return Future.succeededFuture();
    }
    if (allocations.size() > 0) {
      throw Fault.CONFLICT.because(
          "subnet: "
              + wanted
              + " (expected: "
              + present.map(Cidr::toString).orElse("none")
              + " while "
              + allocations.size()
              + " of its addresses are in use)");
    }
    return keeper.change(wanted).compose(v -> pass());
  }

  @Override
  public Future<List<AddressView>> addresses() {
    return Future.succeededFuture(allocations.all().stream().map(this::view).toList());
  }

  @Override
  public Future<AddressView> allocate(PodRef pod, String address) {
    return allocations.allocate(pool(), pod, wantedAddress(address), false).map(this::view);
  }

  @Override
  public Future<AddressView> attach(PodRef pod, String address) {
    String wanted = wantedAddress(address);
    boolean known = allocations.of(pod).isPresent();
    return pods.local()
        .compose(
            local -> {
              if (local.stream().noneMatch(p -> p.ref().equals(pod))) {
                throw Fault.NOT_FOUND.because("pod " + pod + " is not registered on this node");
              }
              return allocations.allocate(pool(), pod, wanted, true);
            })
        .compose(allocation -> pass().map(allocation))
        .compose(
            allocation -> {
              String problem = problem(pod);
              if (problem == null) {
                return Future.succeededFuture(view(allocation));
              }
              // Whoever asked is told; a pod that had its address before keeps it and waits.
              Future<Void> undone = known ? Future.succeededFuture() : release(pod);
              return undone.transform(
                  v -> Future.failedFuture(Fault.PRECONDITION.because(pod + ": " + problem)));
            });
  }

  @Override
  public Future<Void> release(PodRef pod) {
    return allocations.release(pod).compose(v -> pass());
  }

  @Override
  public Future<List<RouteView>> routes() {
    List<RouteView> views = new ArrayList<>();
    for (Wanted.Peer peer : peers) {
      views.add(view(peer.subnet(), observed.device(), peer.name()));
    }
    injected.intents().forEach((destination, device) -> views.add(view(destination, device, null)));
    views.sort(Comparator.comparing(RouteView::destination));
    return Future.succeededFuture(views);
  }

  @Override
  public Future<Void> inject(String destination, String device) {
    Cidr to = Prefixes.destination(destination);
    Prefixes.device(device);
    checkOthers(to);
    needKernel();
    return injected.inject(to, device);
  }

  @Override
  public Future<Void> remove(String destination) {
    Cidr to = Prefixes.destination(destination);
    if (!injected.intents().containsKey(to)) {
      checkOthers(to);
    }
    needKernel();
    return injected.remove(to);
  }

  /** Members' subnets are not for injecting: their routes come and go with them. */
  private void checkOthers(Cidr destination) {
    Optional<Cidr> own = keeper.subnet();
    if (own.isPresent() && own.get().contains(destination)) {
      throw Fault.invalid("destination", destination, "not this node's own subnet " + own.get());
    }
    if (!range.cidr().overlaps(destination)) {
      return;
    }
    for (Leases.Lease lease : keeper.all()) {
      boolean members =
          !lease.holder().startsWith(Leases.OUTSIDER) && !lease.holder().equals(cluster.self());
      if (members && Cidr.parse(lease.key()).contains(destination)) {
        throw Fault.CONFLICT.because(
            "destination: "
                + destination
                + " is in the subnet "
                + lease.key()
                + " of node "
                + keeper.nameOf(lease.holder())
                + ", to which Weft keeps a route itself (expected: another destination)");
      }
    }
  }

  private void needKernel() {
    if (kernel == null) {
      throw Fault.PRECONDITION.because(noKernel);
    }
  }

  private AddressPool pool() {
    Cidr own =
        keeper
            .subnet()
            .orElseThrow(
                () ->
                    Fault.UNAVAILABLE.because(
                        "this node has no subnet yet"
                            + keeper.refusal().map(why -> ": " + why).orElse("")));
    if (!keeper.held()) {
      throw Fault.CONFLICT.because(
          "subnet " + own + " belongs to another node; this one gets another when it is empty");
    }
    return new AddressPool(own);
  }

  private static String wantedAddress(String address) {
    return address == null || address.isEmpty() ? AUTO : address;
  }

  private String problem(PodRef pod) {
    return kernel == null ? noKernel : observed.podProblems().get(pod);
  }

  private AddressView view(Allocations.Allocation a) {
    Cidr own = keeper.subnet().orElseThrow();
    return new AddressView(
        a.pod(),
        cluster.self(),
        a.address() + "/" + own.prefixLength(),
        IpAddress.format(new AddressPool(own).gateway()),
        a.attached(),
        a.attached() ? problem(a.pod()) : null);
  }

  private RouteView view(Cidr destination, String device, String member) {
    boolean up = kernel != null && observed.problems().get(destination) == null;
    String reason = kernel == null ? noKernel : observed.problems().get(destination);
    if (member != null && observed.device() == null) {
      up = false;
      reason = reason == null ? "no overlay" : reason;
    }
    return new RouteView(
        cluster.self(), destination.toString(), device, member, up, up ? null : reason);
  }

  // Passes: lease, what is told to others, kernel.

  /** Completes after a pass that began after this call. */
  private Future<Void> pass() {
    if (nextPass == null) {
      nextPass = Promise.promise();
    }
    Future<Void> future = nextPass.future();
    if (!passing) {
      begin();
    }
    return future;
  }

  private void begin() {
    passing = true;
    Promise<Void> promise = nextPass;
    nextPass = null;
    settleLease()
        .compose(v -> releaseStrangers())
        .compose(v -> reconcile())
        .compose(v -> directory.tell(observed))
        .onFailure(e -> warnings.passFailed(e.getMessage()))
        .onSuccess(v -> warnings.passed())
        .onComplete(
            done -> {
              passing = false;
              promise.complete();
              if (nextPass != null) {
                begin();
              }
            });
  }

  private Future<Void> settleLease() {
    return keeper
        .settle(allocations.size())
        .onSuccess(v -> warnings.leased())
        .onFailure(e -> warnings.notLeased(keeper.subnet(), LeaseKeeper.reason(e)))
        .recover(e -> Future.succeededFuture())
        .onSuccess(v -> noteSubnet());
  }

  private void noteSubnet() {
    SubnetChanged now =
        new SubnetChanged(
            cluster.self(),
            keeper.subnet().map(Cidr::toString).orElse(null),
            keeper.subnet().isPresent() && !keeper.held());
    warnings.lost(now);
    boolean first = lastChange == null && now.subnet() == null;
    if (!first && !now.equals(lastChange)) {
      bus.publish(now);
    }
    lastChange = now;
  }

  /** An address with an interface goes with its pod. */
  private Future<Void> releaseStrangers() {
    return pods.local()
        .compose(
            local -> {
              List<PodRef> here = local.stream().map(Pod::ref).toList();
              return Future.join(
                  allocations.all().stream()
                      .filter(a -> a.attached() && !here.contains(a.pod()))
                      .toList()
                      .stream()
                      .map(a -> allocations.release(a.pod()))
                      .toList());
            })
        .mapEmpty();
  }

  private Future<Void> reconcile() {
    if (kernel == null) {
      return Future.succeededFuture();
    }
    return pods.local()
        .compose(
            local -> {
              Wanted wanted = wanted(local);
              long begun = System.nanoTime();
              return blocking(() -> kernel.reconcile(wanted))
                  .onSuccess(
                      now -> {
                        passes.record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
                        observed = now;
                        peers = wanted.peers();
                        now.changes().forEach(bus::publish);
                        warnings.observed(wanted, now);
                      });
            })
        .mapEmpty();
  }

  private Wanted wanted(List<Pod> local) {
    List<Wanted.Peer> others = directory.peers();
    Map<Cidr, String> intents = new HashMap<>(injected.intents());
    // A member may have come by a destination that was injected before: its own route counts.
    others.forEach(peer -> intents.remove(peer.subnet()));
    List<Wanted.PodEnd> ends = new ArrayList<>();
    for (Pod pod : local) {
      allocations
          .of(pod.ref())
          .filter(a -> a.attached() && pod.alive())
          .ifPresent(a -> ends.add(new Wanted.PodEnd(pod.ref(), pod.netns(), a.inet())));
    }
    return new Wanted(keeper.subnet(), directory.addresses(), others, intents, ends);
  }

  private <T> Future<T> blocking(Callable<T> work) {
    return vertx.executeBlocking(work, true).recover(e -> Future.failedFuture(WeftException.of(e)));
  }
}
