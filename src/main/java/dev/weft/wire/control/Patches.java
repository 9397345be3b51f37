package dev.weft.wire.control;

import dev.weft.bus.Reason;
import dev.weft.linux.KernelVersion;
import dev.weft.pod.Pod;
import dev.weft.rpc.Caller;
import dev.weft.wire.control.WireLife.Carrying;
import dev.weft.wire.control.WireLife.Joined;
import dev.weft.wire.control.WireLife.PeerEnd;
import dev.weft.wire.control.WireLife.Standing;
import dev.weft.wire.path.DataPath;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.Lane;
import dev.weft.wire.path.PacketWriter;
import io.vertx.core.Future;

/**
 * Brings up wires within this node, of kind {@code patch}: a step for each state once their first
 * end stands.
 */
final class Patches {
  private final WireRoom room;
  private final DataPath path;
  private final EndMaker ends;
  private final Caller self;

  Patches(WireRoom room, EndMaker ends) {
    this.room = room;
    this.path = room.path();
    this.ends = ends;
    this.self = Caller.member(room.context().self(), "this node");
  }

  /**
   * Takes the next steps of a wire.
   *
   * @param pod of its other end
   */
  Future<Void> pass(Wire wire, Pod pod) {
    if (wire.life() instanceof Standing<PodEnd, OpenStream> standing) {
      PacketWriter.Peer takes =
          PacketWriter.Peer.of(true, KernelVersion.hasUdpSegmentation(), false);
      PeerEnd peer = new PeerEnd(room.interfaceId(), takes);
      wire.on(life -> life.joined(standing.own(), peer));
    }
    if (wire.life() instanceof Joined<PodEnd, OpenStream> joined) {
      return open(wire, joined, pod);
    }
    return wire.life() instanceof Carrying<PodEnd, OpenStream> carrying
        ? check(wire, carrying.stream(), pod)
        : Future.succeededFuture();
  }

  private Future<Void> open(Wire wire, Joined<PodEnd, OpenStream> joined, Pod pod) {
    Lane lane = path.lane(wire.id());
    return wire.closed()
        .compose(v -> ends.far(wire, pod, joined.peer().id()))
        .compose(
            far -> {
              path.ends().add(far.wireEnd());
              Future<FrameSink> there = path.within(far.wireEnd(), self, lane);
              Future<FrameSink> back = path.within(joined.own().wireEnd(), self, lane);
              return room.thread()
                  .home(Future.all(there, back))
                  .onSuccess(
                      v ->
                          wire.opened(
                              joined.peer(),
                              new OpenStream(
                                  there.result(),
                                  lane,
                                  new OtherEnd(far, back.result(), lane, path))));
            })
        .mapEmpty();
  }

  private Future<Void> check(Wire wire, OpenStream stream, Pod pod) {
    PodEnd far = stream.far().orElseThrow();
    return ends.check(wire, wire.spec().peer(), far, pod)
        .onFailure(e -> wire.on(life -> life.ended(stream, Reason.of(e))));
  }
}
