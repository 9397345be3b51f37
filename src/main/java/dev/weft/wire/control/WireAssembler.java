package dev.weft.wire.control;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import dev.weft.config.WiresConfig;
import dev.weft.linux.KernelVersion;
import dev.weft.net.LinkThread.Place;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.control.EndWords.Word;
import dev.weft.wire.control.WireLife.Joined;
import dev.weft.wire.control.WireLife.PeerEnd;
import dev.weft.wire.control.WireLife.Report;
import dev.weft.wire.control.WireLife.Standing;
import dev.weft.wire.kernel.KernelEnds;
import dev.weft.wire.kernel.KernelEnds.Carried;
import dev.weft.wire.kernel.KernelLink;
import dev.weft.wire.path.Lane;
import dev.weft.wire.path.PacketWriter;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings up wires between members' pods as their specs say. */
final class WireAssembler implements WireWork {
  private static final Logger log = LoggerFactory.getLogger(WireAssembler.class);

  private final WireRoom room;
  private final KernelEnds kernel;
  private final Pods pods;
  private final PeerCalls peers;
  private final EndMaker ends;
  private final Patches patches;
  private final MadePlaces places;
  private final WiresConfig config;

  /** The answer that all passes get which begin now; null while each asks for itself. */
  private Future<List<Pod>> asked;

  /** Which carrier the node ends were given, by their index. */
  private final Map<Integer, Boolean> carriers = new HashMap<>();

  /** Whether the kernel tells of changes in pods. */
  private final boolean hears;

  /**
   * @param hears whether the kernel tells this process of changes in pods' namespaces
   */
  WireAssembler(
      WireRoom room, PeerCalls peers, MadePlaces places, WiresConfig config, boolean hears) {
    this.hears = hears;
    this.room = room;
    this.kernel = room.kernel();
    this.pods = room.context().bus().proxy(Pods.class);
    this.peers = peers;
    this.ends = new EndMaker(room);
    this.patches = new Patches(room, ends);
    this.places = places;
    this.config = config;
  }

  @Override
  public Future<Void> pass(Wire wire) {
    return (asked == null ? pods.all() : asked)
        .compose(all -> assemble(wire, all))
        .onSuccess(v -> changed(wire))
        .recover(e -> Future.failedFuture(because(wire, e)))
        .onFailure(wire::failed);
  }

  @Override
  public void together(Runnable passes) {
    asked = pods.all();
    try {
      passes.run();
    } finally {
      asked = null;
    }
  }

  /** Why a pass failed: that the peer's node is away says more than how it was noticed. */
  private Throwable because(Wire wire, Throwable e) {
    Cluster cluster = room.context().cluster();
    String node = wire.spec().peer().node();
    Fault fault = WeftException.of(e).fault();
    boolean unreached = fault == Fault.UNAVAILABLE || fault == Fault.TIMEOUT;
    return unreached && cluster.member(node).isEmpty()
        ? Fault.UNAVAILABLE.because(cluster.absence(node), e)
        : e;
  }

  private Future<Void> assemble(Wire wire, List<Pod> all) {
    WireSpec spec = wire.spec();
    Pod pod = needed(all, spec.local());
    if (spec.cut() && isOutside(spec, pod)) {
      // There is nothing to set down: nobody reads or writes the end until it is mended.
      wire.end().ifPresent(end -> wire.on(life -> life.lost(end, "cut by command")));
      return done();
    }
    return switch (spec.kind()) {
      case GRPC ->
          spec.isOpen()
              ? stand(wire, pod)
              : stand(wire, pod)
                  .compose(v -> isOutside(spec, pod) ? done() : senseLocal(wire, pod))
                  .compose(v -> wire.life() instanceof Standing ? tell(wire) : done())
                  .compose(v -> stream(wire, pod))
                  .compose(v -> wire.words().isUntold() ? tell(wire) : done());
      case PATCH -> {
        Pod peer = needed(all, spec.peer());
        yield stand(wire, pod)
            .compose(v -> isOutside(spec, pod) ? done() : senseLocal(wire, pod))
            .compose(v -> patches.pass(wire, peer));
      }
      case VETH -> {
        Pod peer = needed(all, spec.peer());
        List<Place> both =
            List.of(MadePlaces.of(pod, spec.local()), MadePlaces.of(peer, spec.peer()));
        List<Carried> ends = List.of(at(wire, pod, spec.local()), at(wire, peer, spec.peer()));
        yield link(wire, both, ends, () -> kernel.joinVeth(spec, pod, peer, stands(wire)));
      }
      case VXLAN -> {
        InetAddress here = underlayAddress(room.context().self());
        InetAddress there = underlayAddress(spec.peer().node());
        yield link(
            wire,
            List.of(MadePlaces.of(pod, spec.local())),
            List.of(at(wire, pod, spec.local())),
            () -> kernel.tunnels().vxlan(spec, pod, here, there, config.mtu(), stands(wire)));
      }
      case MACVLAN ->
          link(
              wire,
              List.of(MadePlaces.of(pod, spec.local())),
              List.of(at(wire, pod, spec.local())),
              () -> kernel.tunnels().macvlan(spec, pod, stands(wire)));
    };
  }

  private Pod needed(List<Pod> all, WireSpec.End end) {
    room.needCapabilities();
    Pod pod =
        all.stream()
            .filter(p -> p.ref().equals(end.pod()) && p.node().equals(room.context().self()))
            .findFirst()
            .orElseThrow(
                () ->
                    Fault.PRECONDITION.because(
                        "pod " + end.pod() + " is not registered on this node"));
    if (!pod.alive()) {
      throw Fault.PRECONDITION.because("pod " + end.pod() + ": " + pod.problem());
    }
    return pod;
  }

  private static Carried at(Wire wire, Pod pod, WireSpec.End end) {
    return new Carried(wire.id(), MadePlaces.of(pod, end), pod.identity());
  }

  /** Whether this node's end is no interface that it made. */
  private static boolean isOutside(WireSpec spec, Pod pod) {
    return spec.local().nic() != null || pod.isSegment();
  }

  private Future<Void> senseLocal(Wire wire, Pod pod) {
    return sense(wire, List.of(at(wire, pod, wire.spec().local())));
  }

  /**
   * Looks at the interfaces on this node, if they may have changed. That they cannot be seen is no
   * failure: if they are gone, the next pass has more to say of it.
   */
  private Future<Void> sense(Wire wire, List<Carried> ends) {
    if (!wire.spec().isOfTopology() || (hears && !wire.isUnsensed())) {
      return done();
    }
    wire.sensing();
    return room.thread()
        .home(kernel.states(ends))
        .onSuccess(wire::sensed)
        .onFailure(
            e -> {
              wire.unsensed();
              log.debug("ends of wire {}: {}", wire.id(), e.getMessage());
            })
        .<Void>mapEmpty()
        .otherwiseEmpty();
  }

  private static Future<Void> done() {
    return Future.succeededFuture();
  }

  // Wires that the kernel carries.

  private static boolean stands(Wire wire) {
    return wire.life() instanceof WireLife.Linked;
  }

  /**
   * @param ends on this node, the local one first
   */
  private Future<Void> link(
      Wire wire, List<Place> where, List<Carried> ends, Supplier<Future<KernelLink>> make) {
    return leave(wire.spec(), where)
        .compose(v -> places.note(wire.id(), where))
        .compose(v -> room.thread().home(make.get()))
        .onSuccess(
            link -> {
              wire.carriedBy(ends.get(0), link);
              wire.on(WireLife::linked);
            })
        .compose(
            v ->
                wire.spec().cut()
                    ? room.thread().home(kernel.cut(ends, true))
                    : Future.<Void>succeededFuture())
        .compose(v -> sense(wire, ends));
  }

  @Override
  public Future<Void> mend(Wire wire) {
    if (wire.spec().kind().isCarriedByNode()) {
      return done();
    }
    return pods.all()
        .map(
            all ->
                Stream.of(wire.spec().local(), wire.spec().peer())
                    .flatMap(
                        end ->
                            all.stream()
                                .filter(
                                    p ->
                                        p.ref().equals(end.pod())
                                            && p.node().equals(room.context().self())
                                            && p.alive())
                                .map(p -> at(wire, p, end)))
                    .toList())
        .compose(ends -> room.thread().home(kernel.cut(ends, false)));
  }

  /** A pod that moved keeps no link in its former namespace, where a VXLAN's VNI is in use. */
  private Future<Void> leave(WireSpec spec, List<Place> next) {
    List<Place> former =
        places.of(spec.id()).stream().filter(place -> !next.contains(place)).toList();
    return former.isEmpty()
        ? Future.succeededFuture()
        : room.thread().home(kernel.remove(spec, former));
  }

  /** The address of a member's VXLAN tunnels: the one on which the member serves others. */
  private InetAddress underlayAddress(String node) {
    String grpc =
        room.context()
            .cluster()
            .member(node)
            .map(Member::grpc)
            .orElseThrow(
                () -> Fault.UNAVAILABLE.because(room.context().cluster().addressless(node)));
    String host = HostPort.parse(grpc, 0).orElseThrow().host();
    try {
      return IpAddress.parse(host);
    } catch (IllegalArgumentException e) {
      throw Fault.PRECONDITION.because(
          "node "
              + room.context().cluster().name(node)
              + " advertises "
              + host
              + " (expected: an address, for a vxlan link)",
          e);
    }
  }

  // Wires that gRPC carries: a step for each state.

  private Future<Void> stand(Wire wire, Pod pod) {
    wire.end()
        .filter(end -> end.podIdentity() != pod.identity())
        .ifPresent(
            old ->
                wire.on(
                    life -> life.lost(old, "pod " + pod.ref() + " has another network namespace")));
    if (wire.end().isPresent()) {
      PodEnd standing = wire.end().get();
      return ends.check(wire, wire.spec().local(), standing, pod)
          .onFailure(e -> wire.on(life -> life.lost(standing, Reason.of(e))));
    }
    return wire.closed()
        // Where it follows the wire, the pod's interface has no carrier until that is up.
        .compose(v -> make(wire, pod))
        .map(
            made -> {
              PodRef peer = wire.spec().peer().pod();
              wire.made(
                  made,
                  wire.spec().isOpen()
                      ? new Report(WireState.WAITING, "no other end yet: pod " + peer)
                      : new Report(WireState.JOINING, "asking the node of " + peer));
              return null;
            });
  }

  private Future<PodEnd> make(Wire wire, Pod pod) {
    boolean carrier = hasCarrier(wire);
    return ends.local(wire, pod, carrier)
        .onSuccess(
            made -> {
              if (!made.outside()) {
                carriers.put(made.wireEnd().ifindex(), carrier);
              }
            });
  }

  /** Tells the peer this end, and how it is; the answer says the same of the peer's. */
  private Future<Void> tell(Wire wire) {
    if (wire.end().isEmpty()) {
      return done();
    }
    PodEnd told = wire.end().get();
    Optional<Word> word = wire.words().word();
    Future<Void> asked =
        room.thread()
            .home(peers.join(wire.spec(), told, word))
            .map(
                answer -> {
                  PeerEnd peer =
                      new PeerEnd(
                          answer.getPeerIntfId(),
                          PacketWriter.Peer.of(
                              answer.getVnet(), answer.getUdpSegmentation(), answer.getBigTcp()));
                  wire.on(life -> life.joined(told, peer));
                  word.ifPresent(w -> wire.words().told(peer.id(), w.sequence()));
                  wire.heard(peer.id(), PeerCalls.decode(answer.hasEnd(), answer.getEnd()));
                  return null;
                });
    return wire.unlessStopped(asked);
  }

  private Future<Void> stream(Wire wire, Pod pod) {
    if (!(wire.life() instanceof Joined<PodEnd, OpenStream> joined)) {
      return Future.succeededFuture();
    }
    PeerEnd peer = joined.peer();
    Lane lane = room.path().lane(wire.id(), wire.spec().peer().node());
    PacketWriter writer = new PacketWriter(peer.id(), peer.takes());
    Future<Void> opened =
        sizePackets(wire, pod, joined)
            .compose(v -> room.thread().home(lane.open(wire.spec().peer().node(), writer)))
            .map(
                stream -> {
                  wire.opened(peer, stream, lane);
                  return null;
                });
    return wire.unlessStopped(opened);
  }

  /**
   * How large the pod's packets are is no reason to do without the wire: what is too large for the
   * peer is cut by this node.
   */
  private Future<Void> sizePackets(Wire wire, Pod pod, Joined<PodEnd, OpenStream> joined) {
    if (joined.own().outside() || !KernelVersion.hasBigTcp()) {
      return done();
    }
    boolean big = room.takes().bigTcp() && joined.peer().takes().bigTcp();
    int ifindex = joined.own().wireEnd().ifindex();
    return room.thread()
        .home(kernel.bigTcp(at(wire, pod, wire.spec().local()), ifindex, big))
        .onFailure(e -> log.debug("packets of wire {}: {}", wire.id(), e.getMessage()))
        .otherwiseEmpty();
  }

  @Override
  public void removed(Wire wire, PodEnd end) {
    if (!end.outside()) {
      carriers.remove(end.wireEnd().ifindex());
    }
    if (wire.spec().kind() == WireKind.GRPC && !wire.spec().isOpen()) {
      // The end of its stream tells the peer too, but later.
      peers.down(wire.spec(), end.wireEnd().interfaceId());
    }
  }

  // The carrier of the pod's interface.

  private boolean hasCarrier(Wire wire) {
    boolean carries = wire.life().report().state() == WireState.UP;
    return !wire.spec().cut()
        && !wire.spec().isOpen()
        && wire.words().hasCarrier(config.carrier(), carries, hears);
  }

  @Override
  public void changed(Wire wire) {
    boolean wanted = hasCarrier(wire);
    wire.end()
        .filter(end -> !end.outside())
        .map(end -> end.wireEnd().ifindex())
        .filter(ifindex -> !Boolean.valueOf(wanted).equals(carriers.put(ifindex, wanted)))
        .ifPresent(ifindex -> carrier(wire, ifindex, wanted));
  }

  /** The thread for links makes changes in the order of the states: the last state decides. */
  private void carrier(Wire wire, int ifindex, boolean on) {
    room.thread()
        .home(kernel.carrier(ifindex, on))
        .onFailure(
            e -> {
              carriers.remove(ifindex);
              log.warn("carrier of wire {}: {}", wire.id(), Reason.of(e));
            });
  }
}
