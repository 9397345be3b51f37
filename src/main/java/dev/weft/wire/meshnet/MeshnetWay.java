package dev.weft.wire.meshnet;

import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.dial.MeshnetDial;
import dev.weft.room.Backoff;
import dev.weft.wire.WireState;
import dev.weft.wire.control.OpenStream;
import dev.weft.wire.control.PodEnd;
import dev.weft.wire.control.Wire;
import dev.weft.wire.control.WireLife.Joined;
import dev.weft.wire.control.WireLife.PeerEnd;
import dev.weft.wire.control.WireLife.Standing;
import dev.weft.wire.control.WireRoom;
import dev.weft.wire.control.WireWork;
import dev.weft.wire.path.Lane;
import dev.weft.wire.path.PacketWriter;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Opens streams from this node's ends to the daemons that have the other ends. A daemon is not
 * asked to join: the request for an end contains the daemon's interface id.
 */
final class MeshnetWay {
  /** A stream that lived so long was not ended because its frames are refused. */
  private static final Duration SOUND = Duration.ofSeconds(10);

  private final WireRoom room;
  private final MeshnetDial dial;
  private final Map<Lane, MeshnetLane> lanes = new HashMap<>();

  MeshnetWay(WireRoom room, MeshnetDial dial) {
    this.room = room;
    this.dial = dial;
  }

  /** The work on the wire of an end. */
  WireWork to(PeerAddress daemon, long peerId) {
    return new WireWork() {
      private final Backoff backoff = new Backoff(room.random());
      private long opened = System.nanoTime();

      @Override
      public Future<Void> pass(Wire wire) {
        return peerId == 0 ? Future.succeededFuture() : open(wire, daemon, peerId);
      }

      /**
       * A daemon ends a stream whose frames it refuses, as for an unknown id, with the first of
       * them: the wire waits ever longer, so that it is not shown as up all the time.
       */
      @Override
      public void again(Wire wire) {
        if (System.nanoTime() - opened > SOUND.toNanos()) {
          backoff.succeeded();
        }
        room.vertx().setTimer(Math.max(1, backoff.failed().toMillis()), id -> wire.kick());
      }

      @Override
      public void reported(Wire wire, WireState before, WireState after) {
        if (after == WireState.UP) {
          opened = System.nanoTime();
        }
      }
    };
  }

  private Future<Void> open(Wire wire, PeerAddress daemon, long peerId) {
    if (wire.life() instanceof Standing<PodEnd, OpenStream> standing) {
      PeerEnd peer = new PeerEnd(peerId, PacketWriter.Peer.PLAIN);
      wire.on(life -> life.joined(standing.own(), peer));
    }
    if (!(wire.life() instanceof Joined<PodEnd, OpenStream> joined)) {
      return Future.succeededFuture();
    }
    PacketWriter writer = new PacketWriter(peerId, joined.peer().takes());
    MeshnetLane lane = lane(wire);
    return room.thread()
        .home(lane.open(daemon.text(), writer, wire.sent()))
        .<Void>map(
            sink -> {
              wire.opened(joined.peer(), sink, lane.lane());
              return null;
            })
        .onFailure(e -> wire.on(life -> life.failed(Fault.UNAVAILABLE, Reason.of(e))));
  }

  private MeshnetLane lane(Wire wire) {
    return lanes.computeIfAbsent(room.path().lane(wire.id()), on -> new MeshnetLane(on, dial));
  }
}
