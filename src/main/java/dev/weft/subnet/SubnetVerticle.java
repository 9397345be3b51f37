package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.HostPort;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Leases;
import dev.weft.cluster.MemberChanged;
import dev.weft.cluster.MemberForgotten;
import dev.weft.cluster.SharedSettings;
import dev.weft.config.SubnetsConfig;
import dev.weft.linux.Capabilities;
import dev.weft.linux.Capability;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNetns;
import dev.weft.pod.PodChanged;
import dev.weft.room.Backoff;
import dev.weft.room.Passes;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.rpc.GrpcListener;
import dev.weft.subnet.tunnel.PodTunnels;
import dev.weft.subnet.tunnel.TunnelGround;
import dev.weft.telemetry.CapabilityNeeds;
import dev.weft.telemetry.Health;
import dev.weft.wire.control.WireRoom;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts and stops the room, and asks for a pass on every change and every 5 s. */
public final class SubnetVerticle extends AbstractVerticle {
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
  private static final Duration PROBE_EVERY = Duration.ofSeconds(1);

  /** Of members that are here. */
  private static final Duration REACH_EVERY = Duration.ofSeconds(2);

  private final RoomContext room;
  private final Leases leases;
  private final SubnetsConfig config;
  private final NodeLinks links;
  private final TunnelGround ground;
  private final Warnings warnings;
  private GrpcListener runtime;
  private KernelWorker kernel;
  private SharedSettings settings;
  private Absences absences;
  private SubnetState state;
  private KnownPeers known;
  private Passes passes;

  public SubnetVerticle(
      RoomContext room, Leases leases, SubnetsConfig config, NodeLinks links, TunnelGround ground) {
    this.ground = ground;
    this.room = room;
    this.leases = leases;
    this.config = config;
    this.links = links;
    this.warnings = new Warnings(room.health(), config, hasVxlan());
  }

  @Override
  public void start(Promise<Void> started) {
    room.health().state(ROOM, Health.State.STARTING);
    RoomThread thread = new RoomThread(context);
    kernel = new KernelWorker(thread);
    kernel
        .open(this::openKernel)
        .compose(v -> noWireguard())
        .compose(none -> thread.home(ground.wires()).compose(wires -> begin(thread, wires, none)))
        .onComplete(started);
  }

  /** Why this node has none. */
  private Future<Optional<String>> noWireguard() {
    return kernel.refusal().isPresent()
        ? Future.succeededFuture(kernel.refusal())
        : kernel.run(SubnetKernel::noWireguard);
  }

  private Future<Void> begin(RoomThread thread, WireRoom wires, Optional<String> noWireguard) {
    warnings.noWireguard(kernel.refusal().isPresent() ? Optional.empty() : noWireguard);
    SubnetRange range = new SubnetRange(config.cidr(), config.prefix());
    Optional<SecondRange> second = SecondRange.of(range, config.cidr6());
    absences = new Absences(room.cluster(), config.leaseGrace(), System::nanoTime);
    Optional<PodTunnels> tunnels = tunnels(thread, wires);
    PacketCarrier.Side side =
        new PacketCarrier.Side(
            config.carrier(),
            !room.cluster().outpost(),
            tunnels.isPresent(),
            noWireguard.isEmpty());
    settings = new SharedSettings(room.cluster());
    LeaseKeeper keeper =
        new LeaseKeeper(
            room.cluster(),
            leases,
            room.store(),
            range,
            absences,
            () -> RangeAgreement.refusal(room.self(), settings.byNode(), leases.all()));
    known = new KnownPeers(room.store());
    state =
        new SubnetState(
            range,
            second,
            keeper,
            new MemberDirectory(room.cluster(), keeper, range, second, side, known),
            new PeerCarriers(room.bus()::publish, side, tunnels, ground.encrypted()),
            new PeerReach(),
            new Allocations(room.store()),
            new InjectedRoutes(room.store(), room.bus(), kernel),
            kernel);
    SubnetPass pass = new SubnetPass(room, state, warnings);
    passes = new Passes(vertx, pass::run, new Backoff(RandomGenerator.getDefault()));
    Subnets service = new SubnetService(room, state, pass, passes);
    return Future.all(
            keeper.load(), known.load(), state.allocations().load(), state.injected().load())
        .compose(v -> room.bus().serve(Subnets.class, service))
        .compose(v -> openRuntime(new QuiltRuntime(service, thread)))
        .onSuccess(v -> measure(pass))
        .onSuccess(v -> onStarted());
  }

  /** None where this node may not make them, or is to have no overlay. */
  private Optional<PodTunnels> tunnels(RoomThread thread, WireRoom wires) {
    boolean wanted =
        config.carrier() != SubnetsConfig.Carrier.VXLAN || config.overlay().isPresent();
    if (!wanted || !wires.lacking().isEmpty() || kernel.refusal().isPresent()) {
      return Optional.empty();
    }
    Runnable changed =
        () -> {
          var unused = passes.ask();
        };
    return Optional.of(PodTunnels.open(vertx, room, thread, ground, wires, changed));
  }

  /** VXLAN does not come through the NAT that an outpost is behind. */
  private boolean hasVxlan() {
    return config.carrier() != SubnetsConfig.Carrier.MESH
        && config.carrier() != SubnetsConfig.Carrier.WIREGUARD
        && !room.cluster().outpost();
  }

  private SubnetKernel openKernel() throws IOException {
    List<String> lacking = NEEDS.lacking(Capabilities.effective());
    NEEDS.report(lacking, room.health());
    if (!lacking.isEmpty()) {
      throw new IOException("this node lacks " + String.join(", ", lacking));
    }
    try {
      return SubnetKernel.open(
          OpenNetns.current(), links, OverlaySettings.of(config, !room.cluster().outpost()));
    } catch (WeftException | IOException e) {
      warnings.kernelRefused(e.getMessage());
      throw e;
    }
  }

  private Future<Void> openRuntime(QuiltRuntime service) {
    if (config.runtime().isEmpty()) {
      return Future.succeededFuture();
    }
    HostPort at = config.runtime().get();
    runtime = new GrpcListener(vertx);
    service.serveOn(runtime);
    return runtime
        .listenLocally(at.host(), at.port())
        .onSuccess(port -> log.info("Starting gRPC server on 127.0.0.1:{}", port))
        .onFailure(e -> warnings.runtimeRefused(e.getMessage()))
        .otherwiseEmpty()
        .mapEmpty();
  }

  private void onStarted() {
    state.directory().onChange(passes::ask);
    leases.onChange(passes::ask);
    settings.onChange(passes::ask);
    room.bus().on(MemberChanged.class, this::onMember);
    room.bus()
        .on(
            MemberForgotten.class,
            forgotten -> {
              if (forgotten.gone()) {
                state.keeper().forget(forgotten.id());
                passes.ask();
              }
            });
    room.bus().on(PodChanged.class, change -> passes.ask());
    room.bus()
        .on(
            AgentChanged.class,
            agent -> absences.tell(Leases.OUTSIDER + agent.nodeId(), agent.status().equals("up")));
    vertx.setPeriodic(EVERY.toMillis(), id -> passes.ask());
    vertx.setPeriodic(PROBE_EVERY.toMillis(), id -> probe());
    vertx.setPeriodic(REACH_EVERY.toMillis(), id -> reach());
    room.health().state(ROOM, Health.State.READY);
    passes.ask();
  }

  private void onMember(MemberChanged change) {
    if (change.joined()) {
      state.keeper().joined(change.id());
    }
    passes.ask();
  }

  /** Asks members that are away whether packets still reach them. */
  private void probe() {
    Set<OverlayProbe.Request> away = known.away();
    if (!away.isEmpty() && !passes.stopped()) {
      kernel
          .run(opened -> opened.probe().round(away))
          .map(known::heard)
          .onSuccess(
              changed -> {
                if (changed) {
                  passes.ask();
                }
              });
    }
  }

  /** Asks members that are here whether all packets reach them and their pods. */
  private void reach() {
    Set<OverlayProbe.Request> requests = state.reach().requests();
    if (!requests.isEmpty() && !passes.stopped() && kernel.refusal().isEmpty()) {
      kernel
          .run(opened -> opened.reach().round(requests))
          .map(state.reach()::heard)
          .onSuccess(
              changed -> {
                if (changed) {
                  passes.ask();
                }
              });
    }
  }

  private void measure(SubnetPass pass) {
    gauge("weft_subnet_peers", "Members whose subnets have a route", () -> pass.peers().size());
    gauge("weft_subnet_addresses", "Addresses in use", () -> state.allocations().size());
    gauge("weft_subnet_injected_routes", "Routes injected", () -> state.injected().size());
    gauge("weft_subnet_route_problems", "Routes missing", () -> pass.observed().problems().size());
  }

  private void gauge(String name, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(room.metrics().registry());
  }

  @Override
  public void stop(Promise<Void> stopped) {
    Future<Void> closed = runtime == null ? Future.succeededFuture() : runtime.close();
    closed
        .transform(done -> passes.stop())
        .transform(done -> state.carriers().close(config.onStop() == SubnetsConfig.OnStop.REMOVE))
        .compose(v -> kernel.refusal().isPresent() ? Future.succeededFuture() : closeKernel())
        .onComplete(stopped);
  }

  private Future<Void> closeKernel() {
    Set<Cidr> injected = state.injected().intents().keySet();
    return kernel.run(
        opened -> {
          try (opened) {
            if (config.onStop() == SubnetsConfig.OnStop.REMOVE) {
              opened.removeAll(injected);
            }
          }
          return null;
        });
  }
}
