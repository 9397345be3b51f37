package dev.weft.wire;

import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import dev.weft.cluster.MemberChanged;
import dev.weft.config.HostPort;
import dev.weft.config.WiresConfig;
import dev.weft.dial.Caller;
import dev.weft.dial.Dial;
import dev.weft.dial.Door;
import dev.weft.dial.Ingress;
import dev.weft.dial.MeshnetDial;
import dev.weft.linux.Capabilities;
import dev.weft.linux.IpAddress;
import dev.weft.linux.LinkEvent;
import dev.weft.linux.LinkMonitor;
import dev.weft.pod.Pod;
import dev.weft.pod.PodChanged;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.store.Store;
import dev.weft.telemetry.Health;
import dev.weft.telemetry.Metrics;
import dev.weft.wire.proto.WireCreateResponse;
import dev.weft.wire.proto.WireDef;
import dev.weft.wire.proto.WireDownResponse;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import java.io.IOException;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Owns this node's wires: their intents, their kernel ends, their streams to the peers. */
public final class WireVerticle extends AbstractVerticle implements Wires {
  static final String ROOM = "wire";

  private static final Logger log = LoggerFactory.getLogger(WireVerticle.class);
  private static final String TABLE = "wires";

  /** How often every wire is compared with the kernel, whether anything was heard or not. */
  private static final long RECONCILE_MILLIS = 15_000;

  private static final long ID_MASK = (1L << 62) - 1;

  private final Cluster cluster;
  private final String self;
  private final Bus bus;
  private final Store store;
  private final Dial dial;
  private final MeshnetDial meshnetDial;
  private final Ingress ingress;
  private final Health health;
  private final Metrics metrics;
  private final WiresConfig config;
  private final int loops;
  private final RandomGenerator random = new SecureRandom();
  private final WireEnds ends = new WireEnds();
  private final Map<String, Wire> wires = new TreeMap<>();
  private final List<Lane> lanes = new ArrayList<>();
  private final KernelEnds kernel;
  private Driver driver;
  private Pods pods;
  private PeerCalls peers;
  private MeshnetWires meshnet;
  private LinkMonitor monitor;
  private List<String> lacking = List.of();

  /**
   * @param loops event loops that carry streams
   */
  public WireVerticle(
      Cluster cluster,
      Bus bus,
      Store store,
      Dial dial,
      MeshnetDial meshnetDial,
      Ingress ingress,
      Health health,
      Metrics metrics,
      WiresConfig config,
      int loops) {
    this.cluster = cluster;
    this.self = cluster.self();
    this.bus = bus;
    this.store = store;
    this.dial = dial;
    this.meshnetDial = meshnetDial;
    this.ingress = ingress;
    this.health = health;
    this.metrics = metrics;
    this.config = config;
    this.loops = loops;
    this.kernel = new KernelEnds(self);
  }

  @Override
  public void start(Promise<Void> started) throws IOException {
    health.state(ROOM, Health.State.STARTING);
    pods = bus.proxy(Pods.class);
    peers = new PeerCalls(dial);
    lacking = WireNeeds.lacking(Capabilities.effective());
    WireNeeds.report(lacking, health);
    meshnet =
        new MeshnetWires(
            self,
            vertx,
            context,
            bus,
            store,
            ends,
            kernel,
            metrics.registry(),
            random,
            config.mtu());
    meshnet.addTo(ingress);
    new FrameIngress(ends).addTo(ingress);
    Set<Door> all = Set.of(Door.values());
    ingress
        .serve(PeerCalls.JOIN, all, (caller, def) -> here(() -> onJoin(caller, def)))
        .serve(PeerCalls.DOWN, all, (caller, def) -> here(() -> onDown(caller, def)));
    store
        .all(TABLE)
        .compose(
            rows -> {
              rows.values().stream()
                  .map(json -> Json.read(json, WireSpec.class))
                  .forEach(
                      spec ->
                          wires.put(
                              spec.id(), new Wire(spec, vertx, metrics.registry(), this::pass)));
              return deployDataPath();
            })
        .compose(v -> openKernel())
        .compose(v -> openMeshnet())
        .compose(v -> bus.serve(Wires.class, this))
        .onSuccess(v -> onStarted())
        .onComplete(started);
  }

  /** Interface ids are positive and random, so that a peer cannot guess another's. */
  static long interfaceId(RandomGenerator random) {
    return random.nextLong() & ID_MASK | 1;
  }

  private Future<Void> deployDataPath() {
    List<Future<String>> deployed = new ArrayList<>();
    for (int i = 0; i < loops; i++) {
      Lane lane = new Lane(dial, self);
      lanes.add(lane);
      deployed.add(vertx.deployVerticle(lane));
    }
    if (config.driver() == WiresConfig.Driver.WORKER || !EpollDriver.isAvailable()) {
      WorkerDriver worker = new WorkerDriver();
      driver = worker;
      deployed.add(
          vertx.deployVerticle(
              worker,
              new DeploymentOptions()
                  .setThreadingModel(ThreadingModel.WORKER)
                  .setWorkerPoolName("weft-frames")
                  .setWorkerPoolSize(1)));
    } else {
      driver = new EpollDriver();
    }
    return Future.all(deployed).mapEmpty();
  }

  private Future<Void> openMeshnet() {
    return lacking.isEmpty()
        ? meshnet.open(
            lanes.stream().map(lane -> new MeshnetLane(lane, meshnetDial, self)).toList(), driver)
        : Future.succeededFuture();
  }

  private Future<Void> openKernel() {
    if (!lacking.isEmpty()) {
      return Future.succeededFuture();
    }
    Set<String> wanted = Set.copyOf(wires.keySet());
    Context context = this.context;
    return blocking(
        () -> {
          kernel.open(wanted);
          monitor =
              LinkMonitor.open(
                  kernel.netns(),
                  event -> {
                    if (event.kind() == LinkEvent.Kind.DELETED) {
                      context.runOnContext(v -> onLinkGone(event.index()));
                    }
                  });
          return null;
        });
  }

  private void onStarted() {
    bus.on(PodChanged.class, change -> onPod(change.pod()));
    bus.on(MemberChanged.class, change -> onMember(change.id()));
    Gauge.builder("weft_wires", wires, Map::size)
        .description("Wires kept")
        .register(metrics.registry());
    FunctionCounter.builder("weft_wire_refused_frames", ends, WireEnds::refused)
        .description("Frames for an interface id that is unknown or not the sender's")
        .register(metrics.registry());
    wires.values().forEach(Wire::kick);
    vertx.setPeriodic(RECONCILE_MILLIS, id -> wires.values().forEach(Wire::kick));
    health.state(ROOM, Health.State.READY);
  }

  @Override
  public void stop(Promise<Void> stopped) {
    List<Future<Void>> closed = new ArrayList<>();
    for (Wire wire : wires.values()) {
      wire.stop();
      closed.add(takeDown(wire));
    }
    closed.add(meshnet.close());
    Future.join(closed)
        .transform(
            done ->
                blocking(
                    () -> {
                      if (monitor != null) {
                        monitor.close();
                      }
                      if (config.onStop() == WiresConfig.OnStop.REMOVE && lacking.isEmpty()) {
                        kernel.removeAll();
                      }
                      kernel.close();
                      return null;
                    }))
        .<Void>mapEmpty()
        .onComplete(stopped);
  }

  // What others ask of this room.

  @Override
  public Future<WireStatus> put(WireSpec spec) {
    Wire known = wires.get(spec.id());
    if (known != null && known.spec.equals(spec)) {
      return Future.succeededFuture(known.status());
    }
    Optional<Wire> rival =
        wires.values().stream()
            .filter(w -> !w.spec.id().equals(spec.id()) && w.claims(spec))
            .findFirst();
    if (rival.isPresent()) {
      return Future.failedFuture(
          Fault.CONFLICT.because(
              "wire "
                  + spec.id()
                  + ": an interface of it belongs to wire "
                  + rival.get().spec.id()));
    }
    return store
        .put(TABLE, spec.id(), Json.write(spec))
        .compose(v -> known == null ? Future.succeededFuture() : retire(known, spec))
        .map(
            v -> {
              Wire wire = new Wire(spec, vertx, metrics.registry(), this::pass);
              wires.put(spec.id(), wire);
              wire.kick();
              return wire.status();
            });
  }

  @Override
  public Future<Void> remove(String id) {
    Wire wire = wires.get(id);
    if (wire == null) {
      return Future.succeededFuture();
    }
    return remove(wire)
        .compose(v -> store.delete(TABLE, id))
        .onSuccess(
            v -> {
              wires.remove(id, wire);
              bus.publish(new WireChanged(id, wire.link(), null, null));
            })
        .mapEmpty();
  }

  @Override
  public Future<List<WireStatus>> list() {
    return Future.succeededFuture(
        Stream.concat(wires.values().stream().map(Wire::status), meshnet.list()).toList());
  }

  @Override
  public Future<WireStatus> get(String id) {
    return Optional.ofNullable(wires.get(id))
        .map(Wire::status)
        .or(() -> meshnet.get(id))
        .map(Future::succeededFuture)
        .orElseThrow(() -> Fault.NOT_FOUND.because("wire " + id + " is not on this node"));
  }

  // What happens around it.

  private void onPod(PodRef pod) {
    wires.values().stream()
        .filter(w -> w.spec.local().pod().equals(pod) || w.spec.peer().pod().equals(pod))
        .forEach(Wire::kick);
  }

  private void onMember(String node) {
    wires.values().stream().filter(w -> node.equals(w.spec.peer().node())).forEach(Wire::kick);
  }

  private void onLinkGone(int ifindex) {
    meshnet.onLinkGone(ifindex);
    for (Wire wire : wires.values()) {
      if (wire.end != null && wire.end.ifindex() == ifindex) {
        takeDown(wire).onComplete(done -> wire.kick());
      }
    }
  }

  private Future<WireCreateResponse> onJoin(Caller caller, WireDef def) {
    if (def.getWireId().isEmpty()) {
      needNothing();
      return meshnet.onAddRemote(caller, def);
    }
    Wire wire = ofPeer(caller, def);
    if (def.getMtu() != wire.spec.mtu()) {
      throw Fault.CONFLICT.because(
          "mtu: " + def.getMtu() + " (expected: " + wire.spec.mtu() + ", as this end has)");
    }
    if (wire.end == null) {
      wire.kick();
      throw Fault.PRECONDITION.because("the end here is not made yet");
    }
    WireEnd end = wire.end;
    wire.joined(def.getWireIfIdOnPeerNode(), def.getVnet());
    wire.kick();
    return Future.succeededFuture(
        WireCreateResponse.newBuilder()
            .setResponse(true)
            .setPeerIntfId(end.interfaceId())
            .setVnet(true)
            .build());
  }

  private Future<WireDownResponse> onDown(Caller caller, WireDef def) {
    if (def.getWireId().isEmpty()) {
      return meshnet.onDown(caller, def);
    }
    WireDownResponse yes = WireDownResponse.newBuilder().setResponse(true).build();
    if (!wires.containsKey(def.getWireId())) {
      return Future.succeededFuture(yes);
    }
    Wire wire = ofPeer(caller, def);
    if (wire.peerId == def.getWireIfIdOnPeerNode()) {
      wire.closeStream();
      wire.parted();
      changed(
          wire, WireState.JOINING, "the node of " + wire.spec.peer().pod() + " took its end down");
      wire.kick();
    }
    return Future.succeededFuture(yes);
  }

  private Wire ofPeer(Caller caller, WireDef def) {
    Wire wire = wires.get(def.getWireId());
    if (wire == null) {
      throw Fault.PRECONDITION.because("wire " + def.getWireId() + " is not wanted here yet");
    }
    if (!caller.isNode(wire.spec.peer().node())) {
      throw Fault.DENIED.because("wire " + def.getWireId() + " has no end at " + caller);
    }
    return wire;
  }

  // Bringing a wire to what its spec says, one pass at a time.

  private Future<Void> pass(Wire wire) {
    return pods.all()
        .compose(
            all -> {
              Map<PodRef, Pod> byRef = new TreeMap<>();
              all.forEach(pod -> byRef.put(pod.ref(), pod));
              Pod local = needed(byRef, wire.spec.local());
              return switch (wire.spec.kind()) {
                case GRPC ->
                    end(wire, local).compose(v -> joinPeer(wire)).compose(v -> stream(wire));
                case VETH -> {
                  Pod peer = needed(byRef, wire.spec.peer());
                  yield made(wire, () -> kernel.joinVeth(wire.spec, local, peer));
                }
                case VXLAN -> {
                  InetAddress here = underlayAddress(self);
                  InetAddress there = underlayAddress(wire.spec.peer().node());
                  yield made(
                      wire,
                      () -> kernel.tunnels().vxlan(wire.spec, local, here, there, config.mtu()));
                }
                case MACVLAN -> made(wire, () -> kernel.tunnels().macvlan(wire.spec, local));
              };
            })
        .onFailure(e -> changed(wire, stateOf(WeftException.of(e), wire), e.getMessage()));
  }

  /** A step of a wire that the kernel carries: it is up once it stands. */
  private interface KernelStep {
    void run() throws IOException;
  }

  private Future<Void> made(Wire wire, KernelStep step) {
    return this.<Void>blocking(
            () -> {
              step.run();
              return null;
            })
        .onSuccess(v -> up(wire));
  }

  /** Where a member's tunnels end: the address that it serves other members on. */
  private InetAddress underlayAddress(String node) {
    String grpc =
        cluster
            .member(node)
            .map(Member::grpc)
            .orElseThrow(
                () ->
                    Fault.UNAVAILABLE.because(
                        "node " + node + " is no live member that serves others"));
    String host = HostPort.parse(grpc, 0).orElseThrow().host();
    try {
      return IpAddress.parse(host);
    } catch (IllegalArgumentException e) {
      throw Fault.PRECONDITION.because(
          "node " + node + " advertises " + host + " (expected: an address, for a vxlan link)", e);
    }
  }

  private Pod needed(Map<PodRef, Pod> pods, WireSpec.End end) {
    Pod pod = pods.get(end.pod());
    needNothing();
    if (pod == null || !pod.node().equals(self)) {
      throw Fault.PRECONDITION.because("pod " + end.pod() + " is not registered on this node");
    }
    if (!pod.alive()) {
      throw Fault.PRECONDITION.because("pod " + end.pod() + ": " + pod.problem());
    }
    return pod;
  }

  private void needNothing() {
    if (!lacking.isEmpty()) {
      throw Fault.PRECONDITION.because("this node lacks " + String.join(", ", lacking));
    }
  }

  private Future<Void> end(Wire wire, Pod pod) {
    if (wire.end != null && wire.podIdentity == pod.identity()) {
      return Future.succeededFuture();
    }
    return takeDown(wire)
        .compose(v -> blocking(() -> kernel.join(wire.spec, pod)))
        .map(
            made -> {
              WireEnd end =
                  new WireEnd(
                      interfaceId(random),
                      caller -> caller.isNode(wire.spec.peer().node()),
                      made.ifindex(),
                      made.socket(),
                      wire.sent,
                      wire.received);
              wire.end = end;
              wire.podIdentity = pod.identity();
              ends.add(end);
              return null;
            });
  }

  private Future<Void> joinPeer(Wire wire) {
    if (wire.peerId != 0) {
      return Future.succeededFuture();
    }
    if (wire.state() != WireState.JOINING) {
      changed(wire, WireState.JOINING, "asking the node of " + wire.spec.peer().pod());
    }
    return home(peers.join(wire.spec, wire.end.interfaceId()))
        .map(
            answer -> {
              wire.joined(answer.getPeerIntfId(), answer.getVnet());
              return null;
            });
  }

  private Future<Void> stream(Wire wire) {
    if (wire.stream != null) {
      return Future.succeededFuture();
    }
    WireEnd end = wire.end;
    long peerId = wire.peerId;
    if (end == null || peerId == 0) {
      // The peer parted, or the end went, while this pass was under way.
      return Future.failedFuture(
          Fault.UNAVAILABLE.because("an end of the wire went; joining again"));
    }
    Lane lane = lanes.get(Math.floorMod(wire.spec.id().hashCode(), lanes.size()));
    return home(lane.open(wire.spec.peer().node(), new PacketWriter(peerId, wire.peerVnet)))
        .map(
            stream -> {
              wire.opened(stream, driver.attach(end, stream, lane));
              stream
                  .ended()
                  .onComplete(
                      done ->
                          context.runOnContext(
                              v -> {
                                String why = done.failed() ? done.cause().getMessage() : "closed";
                                onStreamEnded(wire, stream, why);
                              }));
              up(wire);
              return null;
            });
  }

  private void onStreamEnded(Wire wire, WireStream stream, String why) {
    if (wire.stream == stream) {
      wire.closeStream();
      wire.parted();
      changed(wire, WireState.JOINING, why);
      wire.kick();
    }
  }

  private void up(Wire wire) {
    changed(wire, WireState.UP, null);
  }

  private static WireState stateOf(WeftException e, Wire wire) {
    return switch (e.fault()) {
      case PRECONDITION, UNAVAILABLE, TIMEOUT ->
          wire.end == null ? WireState.WAITING : WireState.JOINING;
      default -> WireState.FAILED;
    };
  }

  private void changed(Wire wire, WireState state, String reason) {
    boolean wasUp = wire.state() == WireState.UP;
    if (wire.enter(state, reason) && wires.get(wire.spec.id()) == wire) {
      bus.publish(new WireChanged(wire.spec.id(), wire.link(), state, reason));
    }
    boolean isUp = state == WireState.UP;
    if (config.carrier() == WiresConfig.Carrier.FOLLOW && wire.end != null && wasUp != isUp) {
      int ifindex = wire.end.ifindex();
      // In order, so that the last state is the one that stays.
      vertx
          .executeBlocking(
              () -> {
                kernel.carrier(ifindex, isUp);
                return null;
              },
              true)
          .onFailure(e -> log.warn("carrier of wire {}: {}", wire.spec.id(), e.getMessage()));
    }
  }

  // Taking it down.

  /** Makes way for another intent; an interface that can serve it as well stays where it is. */
  private Future<Void> retire(Wire wire, WireSpec next) {
    boolean sameInterface =
        wire.spec.kind() == next.kind()
            && wire.spec.local().pod().equals(next.local().pod())
            && wire.spec.local().intf().equals(next.local().intf());
    if (!sameInterface) {
      return remove(wire);
    }
    wire.stop();
    return wire.settled().compose(v -> takeDown(wire));
  }

  private Future<Void> remove(Wire wire) {
    wire.stop();
    return wire.settled()
        .compose(v -> takeDown(wire))
        .compose(v -> pods.local())
        .compose(
            local ->
                lacking.isEmpty()
                    ? blocking(
                        () -> {
                          kernel.remove(
                              wire.spec,
                              local.stream()
                                  .filter(p -> p.ref().equals(wire.spec.local().pod()))
                                  .findFirst());
                          return null;
                        })
                    : Future.succeededFuture());
  }

  /** Closes stream and socket and tells the peer; kernel links stay. */
  private Future<Void> takeDown(Wire wire) {
    Future<Void> detached = home(wire.closeStream());
    WireEnd end = wire.end;
    if (end == null) {
      return detached;
    }
    wire.end = null;
    wire.parted();
    ends.remove(end);
    // The peer learns it from its stream too; being told is quicker.
    peers.down(wire.spec, end.interfaceId());
    return detached.onComplete(done -> end.close());
  }

  private <T> Future<T> blocking(Callable<T> work) {
    return vertx
        .executeBlocking(work, false)
        .recover(e -> Future.failedFuture(WeftException.of(e)));
  }

  /** A result from another thread, handed over to this room's event loop. */
  private <T> Future<T> home(Future<T> away) {
    Promise<T> promise = Promise.promise();
    away.onComplete(result -> context.runOnContext(v -> promise.handle(result)));
    return promise.future();
  }

  /** Runs a call from another event loop on this room's. */
  private <T> Future<T> here(Supplier<Future<T>> work) {
    Promise<T> promise = Promise.promise();
    context.runOnContext(
        v -> {
          try {
            work.get().onComplete(promise);
          } catch (WeftException e) {
            promise.fail(e);
          }
        });
    return promise.future();
  }

  @Override
  public String toString() {
    return "wires of node " + self;
  }
}
