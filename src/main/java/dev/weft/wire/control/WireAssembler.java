package dev.weft.wire.control;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import dev.weft.config.WiresConfig;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.wire.WireChanged;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.kernel.KernelEnds;
import dev.weft.wire.path.DataPath;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.Lane;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.path.WireEnd;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings wires to what their specs say, and takes them down. Each step looks first at what stands,
 * so a turn may be repeated at any time. Runs on the room's event loop; what blocks goes to a
 * worker, and what comes from another thread is handed back before a wire is touched.
 */
final class WireAssembler {
  private static final Logger log = LoggerFactory.getLogger(WireAssembler.class);

  private final Context context;
  private final Cluster cluster;
  private final String self;
  private final Bus bus;
  private final Pods pods;
  private final PeerCalls peers;
  private final KernelEnds kernel;
  private final WiresConfig config;
  private final RandomGenerator random;
  private final List<String> lacking;
  private DataPath path;

  /**
   * @param lacking capabilities that this process does not have
   */
  WireAssembler(
      Context context,
      Cluster cluster,
      Bus bus,
      PeerCalls peers,
      KernelEnds kernel,
      WiresConfig config,
      RandomGenerator random,
      List<String> lacking) {
    this.context = context;
    this.cluster = cluster;
    this.self = cluster.self();
    this.bus = bus;
    this.pods = bus.proxy(Pods.class);
    this.peers = peers;
    this.kernel = kernel;
    this.config = config;
    this.random = random;
    this.lacking = lacking;
  }

  /** The data path stands: streams can be opened. */
  void carryOver(DataPath opened) {
    path = opened;
  }

  /** One turn: compares with what stands, does the next steps, and notes how it went. */
  Future<Void> pass(Wire wire) {
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
    needCapabilities();
    if (pod == null || !pod.node().equals(self)) {
      throw Fault.PRECONDITION.because("pod " + end.pod() + " is not registered on this node");
    }
    if (!pod.alive()) {
      throw Fault.PRECONDITION.because("pod " + end.pod() + ": " + pod.problem());
    }
    return pod;
  }

  /** PRECONDITION names the capabilities that this node lacks for wires. */
  void needCapabilities() {
    if (!lacking.isEmpty()) {
      throw Fault.PRECONDITION.because("this node lacks " + String.join(", ", lacking));
    }
  }

  private Future<Void> end(Wire wire, Pod pod) {
    if (wire.end != null && wire.podIdentity == pod.identity()) {
      return Future.succeededFuture();
    }
    return takeDown(wire)
        .compose(v -> blocking(() -> make(wire.spec, pod)))
        .map(
            made -> {
              WireEnd end =
                  new WireEnd(
                      WireVerticle.interfaceId(random),
                      caller -> caller.isNode(wire.spec.peer().node()),
                      made.ifindex(),
                      made.socket(),
                      wire.sent,
                      wire.received);
              wire.end = end;
              wire.podIdentity = pod.identity();
              path.ends().add(end);
              return null;
            });
  }

  private KernelEnds.NodeEnd make(WireSpec spec, Pod pod) throws IOException {
    KernelEnds.NodeEnd made = kernel.join(spec, pod);
    if (config.carrier() == WiresConfig.Carrier.FOLLOW) {
      // Until the wire is up.
      kernel.carrier(made.ifindex(), false);
    }
    return made;
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
              wire.joined(
                  answer.getPeerIntfId(),
                  PacketWriter.Peer.of(answer.getVnet(), answer.getUdpSegmentation()));
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
    Lane lane = path.lane(wire.spec.id(), wire.spec.peer().node());
    return home(lane.open(wire.spec.peer().node(), new PacketWriter(peerId, wire.peerTakes)))
        .map(
            stream -> {
              wire.opened(stream, path.attach(end, stream, lane));
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

  private void onStreamEnded(Wire wire, FrameSink stream, String why) {
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

  /** Notes and publishes a wire's state; the carrier follows it where that is wanted. */
  void changed(Wire wire, WireState state, String reason) {
    boolean wasUp = wire.state() == WireState.UP;
    if (wire.enter(state, reason) && !wire.stopped()) {
      bus.publish(new WireChanged(wire.spec.id(), wire.link(), state, reason));
    }
    boolean isUp = state == WireState.UP;
    if (config.carrier() == WiresConfig.Carrier.FOLLOW && wire.end != null && wasUp != isUp) {
      int ifindex = wire.end.ifindex();
      // In order, so that the last state is the one that stays.
      context
          .executeBlocking(
              () -> {
                kernel.carrier(ifindex, isUp);
                return null;
              },
              true)
          .onFailure(e -> log.warn("carrier of wire {}: {}", wire.spec.id(), e.getMessage()));
    }
  }

  /** Closes stream and socket and tells the peer; kernel links stay. */
  Future<Void> takeDown(Wire wire) {
    Future<Void> detached = home(wire.closeStream());
    WireEnd end = wire.end;
    if (end == null) {
      return detached;
    }
    wire.end = null;
    wire.parted();
    path.ends().remove(end);
    // The peer learns it from its stream too; being told is quicker.
    peers.down(wire.spec, end.interfaceId());
    return detached.onComplete(done -> end.close());
  }

  <T> Future<T> blocking(Callable<T> work) {
    return context
        .executeBlocking(work, false)
        .recover(e -> Future.failedFuture(WeftException.of(e)));
  }

  /** A result from another thread, handed over to this room's event loop. */
  private <T> Future<T> home(Future<T> away) {
    Promise<T> promise = Promise.promise();
    away.onComplete(result -> context.runOnContext(v -> promise.handle(result)));
    return promise.future();
  }
}
