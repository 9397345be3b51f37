package dev.weft.wire.control;

import dev.weft.dial.Dial;
import dev.weft.rpc.GrpcMethod;
import dev.weft.wire.WireSpec;
import dev.weft.wire.control.EndWords.Word;
import dev.weft.wire.kernel.EndState;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.proto.EndWord;
import dev.weft.wire.proto.Meshnet;
import dev.weft.wire.proto.WireCreateResponse;
import dev.weft.wire.proto.WireDef;
import dev.weft.wire.proto.WireDownResponse;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls to the node at a wire's other end: meshnet's service {@code Remote}. */
final class PeerCalls {
  static final GrpcMethod<WireDef, WireCreateResponse> JOIN =
      new GrpcMethod<>(
          Meshnet.getDescriptor().findServiceByName("Remote"),
          "AddGRPCWireRemote",
          WireDef.getDefaultInstance(),
          WireCreateResponse.getDefaultInstance());
  static final GrpcMethod<WireDef, WireDownResponse> DOWN =
      new GrpcMethod<>(
          Meshnet.getDescriptor().findServiceByName("Remote"),
          "GRPCWireDownRemote",
          WireDef.getDefaultInstance(),
          WireDownResponse.getDefaultInstance());

  private static final Logger log = LoggerFactory.getLogger(PeerCalls.class);
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final Dial dial;
  private final PacketWriter.Peer takes;

  /**
   * @param takes which unfinished frames pods' interfaces here take
   */
  PeerCalls(Dial dial, PacketWriter.Peer takes) {
    this.dial = dial;
    this.takes = takes;
  }

  /** Tells the peer this end and its state; the answer contains the peer's. */
  Future<WireCreateResponse> join(WireSpec spec, PodEnd end, Optional<Word> word) {
    WireDef.Builder def =
        definition(spec, end.wireEnd().interfaceId()).setBigTcp(takes.bigTcp() && !end.outside());
    word.ifPresent(w -> def.setEnd(encode(w)));
    return dial.call(spec.peer().node(), JOIN, def.build(), DEADLINE);
  }

  static EndWord encode(Word word) {
    return EndWord.newBuilder()
        .setSequence(word.sequence())
        .setUp(word.state().up())
        .setMtu(word.state().mtu())
        .build();
  }

  /** Empty from a node of an older version. */
  static Optional<Word> decode(boolean isThere, EndWord word) {
    return isThere
        ? Optional.of(new Word(word.getSequence(), new EndState(word.getUp(), word.getMtu())))
        : Optional.empty();
  }

  /** Tells the peer that this end was removed; without the call the peer notices later. */
  void down(WireSpec spec, long interfaceId) {
    dial.call(spec.peer().node(), DOWN, definition(spec, interfaceId).build(), DEADLINE)
        .onFailure(e -> log.debug("wire {}: peer not told: {}", spec.id(), e.getMessage()));
  }

  /** The wire from the peer's point of view: the peer's pod is the local one. */
  private WireDef.Builder definition(WireSpec spec, long interfaceId) {
    WireDef.Builder def =
        WireDef.newBuilder()
            .setWireIfIdOnPeerNode(interfaceId)
            .setIntfNameInPod(spec.peer().intf())
            .setLinkUid(spec.uid())
            .setLocalPodName(spec.peer().pod().name())
            .setTopoNs(spec.ns())
            .setWireId(spec.id())
            .setMtu(spec.mtu())
            .setVnet(true)
            .setUdpSegmentation(takes.udpSegmentation());
    if (spec.peer().address() != null) {
      def.setLocalPodIp(spec.peer().address());
    }
    return def;
  }
}
