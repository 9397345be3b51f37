package dev.weft.wire.control;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Member;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.SegmentRef;
import dev.weft.wire.WireSpec;
import dev.weft.wire.kernel.KernelEnds;
import dev.weft.wire.path.Segment;
import dev.weft.wire.path.SegmentPort;
import dev.weft.wire.path.TrafficCounter;
import dev.weft.wire.path.WireEnd;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Makes the ends of wires whose frames this node carries: a veth pair into a pod, a socket on an
 * interface of the host that is there, or a port of a segment. On the room's event loop.
 */
final class EndMaker {
  private final WireRoom room;
  private final KernelEnds kernel;

  private final Map<PodRef, Segment> segments = new HashMap<>();

  /** Which wire has an interface of the host, by its name. A wire keeps it until it is stopped. */
  private final Map<String, Wire> holders = new HashMap<>();

  EndMaker(WireRoom room) {
    this.room = room;
    this.kernel = room.kernel();
  }

  /**
   * Makes the wire's end on this node, or opens the one that stands.
   *
   * @param carrier whether a pod's interface has one at once
   */
  Future<PodEnd> local(Wire wire, Pod pod, boolean carrier) {
    WireSpec.End end = wire.spec().local();
    if (end.nic() != null || pod.isSegment()) {
      return outside(wire, end, pod, room.interfaceId(), wire.sent(), wire.received());
    }
    return room.thread()
        .home(kernel.join(wire.spec(), pod, carrier))
        .compose(ifindex -> room.thread().blocking(() -> kernel.socketOn(ifindex)))
        .map(
            made ->
                new PodEnd(
                    end(wire, room.interfaceId(), made, wire.sent(), wire.received()),
                    pod.identity()));
  }

  /** Opens the other end of a wire within this node, which is not in a pod's namespace. */
  Future<PodEnd> far(Wire wire, Pod pod, long interfaceId) {
    TrafficCounter sent = wire.received().dropsAlone();
    TrafficCounter received = wire.sent().dropsAlone();
    return outside(wire, wire.spec().peer(), pod, interfaceId, sent, received);
  }

  private Future<PodEnd> outside(
      Wire wire,
      WireSpec.End end,
      Pod pod,
      long interfaceId,
      TrafficCounter sent,
      TrafficCounter received) {
    if (!pod.isSegment()) {
      return nic(wire, end, pod, interfaceId, sent, received);
    }
    SegmentPort port = segment(pod).port(sent);
    WireEnd made =
        new WireEnd(
            interfaceId, caller -> caller.isNode(wire.spec().peer().node()), port, sent, received);
    return Future.succeededFuture(new PodEnd(made, pod.identity(), true));
  }

  private Segment segment(Pod pod) {
    segments.values().removeIf(Segment::isEmpty);
    Segment segment = segments.computeIfAbsent(pod.ref(), ref -> new Segment(System::nanoTime));
    segment.passes(SegmentRef.of(pod.netns()).orElseThrow().passes());
    return segment;
  }

  private Future<PodEnd> nic(
      Wire wire,
      WireSpec.End end,
      Pod pod,
      long interfaceId,
      TrafficCounter sent,
      TrafficCounter received) {
    return index(wire, end, pod)
        .compose(ifindex -> room.thread().blocking(() -> kernel.socketOnHost(ifindex)))
        .map(
            made -> new PodEnd(end(wire, interfaceId, made, sent, received), pod.identity(), true));
  }

  private static WireEnd end(
      Wire wire,
      long interfaceId,
      KernelEnds.NodeEnd made,
      TrafficCounter sent,
      TrafficCounter received) {
    return new WireEnd(
        interfaceId,
        caller -> caller.isNode(wire.spec().peer().node()),
        made.ifindex(),
        made.socket(),
        sent,
        received);
  }

  /**
   * Brings a segment in line with what its pod asks for now, and fails, saying why, if an interface
   * of the host cannot be the end any more that it is.
   */
  Future<Void> check(Wire wire, WireSpec.End end, PodEnd standing, Pod pod) {
    if (pod.isSegment()) {
      segment(pod);
    }
    if (end.nic() == null) {
      return Future.succeededFuture();
    }
    return index(wire, end, pod)
        .map(
            ifindex -> {
              if (ifindex != standing.wireEnd().ifindex()) {
                throw Fault.PRECONDITION.because(
                    "interface " + end.intf() + " of the host is another one by now");
              }
              return null;
            });
  }

  private Future<Integer> index(Wire wire, WireSpec.End end, Pod pod) {
    Wire holder = holders.get(end.intf());
    if (holder != null && holder != wire && !(holder.life() instanceof WireLife.Stopped)) {
      return Future.failedFuture(
          Fault.CONFLICT.because(
              "interface %s of the host is used by wire %s, %s (expected: one that no other wire uses)"
                  .formatted(end.intf(), holder.id(), holder.link())));
    }
    holders.put(end.intf(), wire);
    return room.thread()
        .home(kernel.nic(wire.spec(), end, pod, nodes()))
        .onFailure(
            e -> {
              if (WeftException.of(e).fault() == Fault.CONFLICT) {
                // It cannot be this wire's; another one may have it.
                holders.remove(end.intf(), wire);
              }
            });
  }

  /** The addresses by which nodes are reached, as far as they are no names. */
  private List<InetAddress> nodes() {
    return room.context().cluster().members().stream()
        .map(Member::grpc)
        .filter(Objects::nonNull)
        .flatMap(at -> HostPort.parse(at, 0).stream())
        .flatMap(at -> address(at.host()).stream())
        .toList();
  }

  private static Optional<InetAddress> address(String host) {
    try {
      return Optional.of(IpAddress.parse(host));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
