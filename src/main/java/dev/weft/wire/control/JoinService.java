package dev.weft.wire.control;

import dev.weft.bus.Fault;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.Listener;
import dev.weft.wire.WireSpec;
import dev.weft.wire.control.WireLife.PeerEnd;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.proto.WireCreateResponse;
import dev.weft.wire.proto.WireDef;
import dev.weft.wire.proto.WireDownResponse;
import io.vertx.core.Future;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Serves the calls by which the two nodes of a wire tell each other their interface ids. A call
 * without {@code wire_id} comes from meshnet's plugin or a foreign daemon.
 */
final class JoinService {
  private static final WireDownResponse YES =
      WireDownResponse.newBuilder().setResponse(true).build();

  private final WireRoom room;
  private final Function<String, Optional<Wire>> wires;
  private final ForeignEnds foreign;

  /**
   * @param wires finds a wire between members by its id
   */
  JoinService(WireRoom room, Function<String, Optional<Wire>> wires, ForeignEnds foreign) {
    this.room = room;
    this.wires = wires;
    this.foreign = foreign;
  }

  void addTo(GrpcListener listener) {
    Set<Listener> all = Set.of(Listener.values());
    listener
        .serve(PeerCalls.JOIN, all, (from, def) -> room.thread().call(() -> onJoin(from, def)))
        .serve(PeerCalls.DOWN, all, (from, def) -> room.thread().call(() -> onDown(from, def)));
  }

  private Future<WireCreateResponse> onJoin(Caller caller, WireDef def) {
    if (def.getWireId().isEmpty()) {
      noExternal(caller);
      room.needCapabilities();
      return foreign.onJoin(caller, def);
    }
    Wire wire =
        ofPeer(caller, def)
            .orElseThrow(
                () ->
                    Fault.PRECONDITION.because(
                        "node %s knows no such link yet"
                            .formatted(room.context().cluster().name(room.context().self()))));
    WireSpec spec = wire.spec();
    if (def.getMtu() != spec.mtu()) {
      throw Fault.CONFLICT.because(
          "mtu: " + def.getMtu() + " (expected: " + spec.mtu() + ", as this end has)");
    }
    if (!wire.carriesTo(def.getWireIfIdOnPeerNode())) {
      // Either this end is missing or the peer's end is new: a pass has work to do.
      wire.kick();
    }
    PodEnd end =
        wire.end().orElseThrow(() -> Fault.PRECONDITION.because("this end is not created yet"));
    PeerEnd peer =
        new PeerEnd(
            def.getWireIfIdOnPeerNode(),
            PacketWriter.Peer.of(def.getVnet(), def.getUdpSegmentation(), def.getBigTcp()));
    wire.on(life -> life.joined(end, peer));
    wire.heard(peer.id(), PeerCalls.decode(def.hasEnd(), def.getEnd()));
    WireCreateResponse.Builder answer =
        WireCreateResponse.newBuilder()
            .setResponse(true)
            .setPeerIntfId(end.wireEnd().interfaceId())
            .setVnet(true)
            .setUdpSegmentation(room.takes().udpSegmentation())
            .setBigTcp(room.takes().bigTcp() && !end.outside());
    wire.words().word().ifPresent(word -> answer.setEnd(PeerCalls.encode(word)));
    return Future.succeededFuture(answer.build());
  }

  private Future<WireDownResponse> onDown(Caller caller, WireDef def) {
    if (def.getWireId().isEmpty()) {
      noExternal(caller);
      return foreign.onDown(caller, def);
    }
    ofPeer(caller, def)
        .ifPresent(
            wire ->
                wire.on(
                    life ->
                        life.parted(
                            def.getWireIfIdOnPeerNode(),
                            "the node of " + wire.spec().peer().pod() + " took its end down")));
    return Future.succeededFuture(YES);
  }

  /** Nodes of other meshes may join the wires that name them, and may not create others. */
  private static void noExternal(Caller caller) {
    if (caller.external()) {
      throw Fault.DENIED.because("a wire without wire_id is not for " + caller);
    }
  }

  private Optional<Wire> ofPeer(Caller caller, WireDef def) {
    // Of an open end it is not known yet who may ask.
    Optional<Wire> wire = wires.apply(def.getWireId()).filter(w -> !w.spec().isOpen());
    if (wire.isPresent() && !caller.isNode(wire.get().spec().peer().node())) {
      throw Fault.DENIED.because("wire " + def.getWireId() + " has no end at " + caller);
    }
    return wire;
  }
}
