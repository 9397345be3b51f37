package dev.weft.wire.control;

import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.MemberChanged;
import dev.weft.config.WiresConfig;
import dev.weft.dial.Dial;
import dev.weft.linux.Capabilities;
import dev.weft.linux.Capability;
import dev.weft.linux.KernelVersion;
import dev.weft.linux.LinkEvent;
import dev.weft.linux.LinkMonitor;
import dev.weft.net.NodeLinks;
import dev.weft.pod.PodChanged;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.Listener;
import dev.weft.store.Store;
import dev.weft.telemetry.CapabilityNeeds;
import dev.weft.telemetry.Health;
import dev.weft.telemetry.Metrics;
import dev.weft.wire.WireChanged;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.Wires;
import dev.weft.wire.kernel.KernelEnds;
import dev.weft.wire.path.DataPath;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.path.WireEnd;
import dev.weft.wire.path.WireEnds;
import dev.weft.wire.proto.WireCreateResponse;
import dev.weft.wire.proto.WireDef;
import dev.weft.wire.proto.WireDownResponse;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Owns this node's wires: their intents, their kernel ends, their streams to the peers. */
public final class WireVerticle extends AbstractVerticle implements Wires {
  static final String ROOM = "wire";

  private static final CapabilityNeeds NEEDS =
      new CapabilityNeeds(
          ROOM,
          "wires of this node wait",
          List.of(
              new CapabilityNeeds.Need(Capability.CAP_NET_ADMIN, "make veth pairs"),
              new CapabilityNeeds.Need(Capability.CAP_NET_RAW, "open packet sockets"),
              new CapabilityNeeds.Need(
                  Capability.CAP_SYS_ADMIN, "enter pods' network namespaces")));

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
  private final ForeignEnds.Factory foreignEnds;
  private final GrpcListener ingress;
  private final Health health;
  private final Metrics metrics;
  private final WiresConfig config;
  private final int loops;
  private final RandomGenerator random = new SecureRandom();
  private final Map<String, Wire> wires = new TreeMap<>();
  private final KernelEnds kernel;
  private DataPath path;
  private Pods pods;
  private WireAssembler assembler;
  private ForeignEnds foreign;
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
      ForeignEnds.Factory foreignEnds,
      GrpcListener ingress,
      Health health,
      Metrics metrics,
      NodeLinks links,
      WiresConfig config,
      int loops) {
    this.cluster = cluster;
    this.self = cluster.self();
    this.bus = bus;
    this.store = store;
    this.dial = dial;
    this.foreignEnds = foreignEnds;
    this.ingress = ingress;
    this.health = health;
    this.metrics = metrics;
    this.config = config;
    this.loops = loops;
    this.kernel = new KernelEnds(links);
  }

  @Override
  public void start(Promise<Void> started) throws IOException {
    health.state(ROOM, Health.State.STARTING);
    pods = bus.proxy(Pods.class);
    lacking = NEEDS.lacking(Capabilities.effective());
    NEEDS.report(lacking, health);
    assembler =
        new WireAssembler(
            context, cluster, bus, new PeerCalls(dial), kernel, config, random, lacking);
    Set<Listener> all = Set.of(Listener.values());
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
                              spec.id(),
                              new Wire(spec, vertx, metrics.registry(), assembler::pass)));
              return deployDataPath();
            })
        .compose(v -> openKernel())
        .compose(v -> lacking.isEmpty() ? foreign.open() : Future.succeededFuture())
        .compose(v -> bus.serve(Wires.class, this))
        .onSuccess(v -> onStarted())
        .onComplete(started);
  }

  /** Interface ids are positive and random, so that a peer cannot guess another's. */
  public static long interfaceId(RandomGenerator random) {
    return random.nextLong() & ID_MASK | 1;
  }

  private Future<Void> deployDataPath() {
    return DataPath.open(vertx, dial, ingress, config, loops)
        .map(
            opened -> {
              path = opened;
              assembler.carryOver(path);
              foreign = foreignEnds.create(context, path, kernel);
              return null;
            });
  }

  private Future<Void> openKernel() {
    if (!lacking.isEmpty()) {
      return Future.succeededFuture();
    }
    Set<String> wanted = Set.copyOf(wires.keySet());
    Context context = this.context;
    return assembler.blocking(
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
    FunctionCounter.builder("weft_wire_refused_frames", path.ends(), WireEnds::refused)
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
      boolean removes = config.onStop() == WiresConfig.OnStop.REMOVE;
      wire.stop();
      closed.add(removes ? remove(wire) : assembler.takeDown(wire));
    }
    closed.add(foreign.close());
    Future.join(closed)
        .transform(
            done ->
                assembler.blocking(
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
              Wire wire = new Wire(spec, vertx, metrics.registry(), assembler::pass);
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
        Stream.concat(wires.values().stream().map(Wire::status), foreign.list()).toList());
  }

  @Override
  public Future<WireStatus> get(String id) {
    return Optional.ofNullable(wires.get(id))
        .map(Wire::status)
        .or(() -> foreign.get(id))
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
    foreign.onLinkGone(ifindex);
    for (Wire wire : wires.values()) {
      if (wire.end != null && wire.end.ifindex() == ifindex) {
        assembler.takeDown(wire).onComplete(done -> wire.kick());
      }
    }
  }

  private Future<WireCreateResponse> onJoin(Caller caller, WireDef def) {
    if (def.getWireId().isEmpty()) {
      noExternal(caller);
      assembler.needCapabilities();
      return foreign.onJoin(caller, def);
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
    wire.joined(
        def.getWireIfIdOnPeerNode(), PacketWriter.Peer.of(def.getVnet(), def.getUdpSegmentation()));
    wire.kick();
    return Future.succeededFuture(
        WireCreateResponse.newBuilder()
            .setResponse(true)
            .setPeerIntfId(end.interfaceId())
            .setVnet(true)
            .setUdpSegmentation(KernelVersion.hasUdpSegmentation())
            .build());
  }

  private Future<WireDownResponse> onDown(Caller caller, WireDef def) {
    if (def.getWireId().isEmpty()) {
      noExternal(caller);
      return foreign.onDown(caller, def);
    }
    WireDownResponse yes = WireDownResponse.newBuilder().setResponse(true).build();
    if (!wires.containsKey(def.getWireId())) {
      return Future.succeededFuture(yes);
    }
    Wire wire = ofPeer(caller, def);
    if (wire.peerId == def.getWireIfIdOnPeerNode()) {
      wire.closeStream();
      wire.parted();
      assembler.changed(
          wire, WireState.JOINING, "the node of " + wire.spec.peer().pod() + " took its end down");
      wire.kick();
    }
    return Future.succeededFuture(yes);
  }

  /** Nodes of other meshes have the wires that were agreed with them, and make none. */
  private static void noExternal(Caller caller) {
    if (caller.external()) {
      throw Fault.DENIED.because("a wire without wire_id is not for " + caller);
    }
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
    return wire.settled().compose(v -> assembler.takeDown(wire));
  }

  private Future<Void> remove(Wire wire) {
    wire.stop();
    return wire.settled()
        .compose(v -> assembler.takeDown(wire))
        .compose(v -> pods.local())
        .compose(
            local ->
                lacking.isEmpty()
                    ? assembler.blocking(
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
