package dev.weft.subnet.tunnel;

import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.dial.Dial;
import dev.weft.linux.KernelVersion;
import dev.weft.room.RoomThread;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Listener;
import dev.weft.subnet.proto.OverlayProto;
import dev.weft.subnet.proto.PartAnswer;
import dev.weft.subnet.proto.TunnelEnd;
import dev.weft.wire.control.WireLife.PeerEnd;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.path.WireEnd;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The calls by which two nodes tell each other the ends of their tunnel. */
final class TunnelCalls {
  private static final Logger log = LoggerFactory.getLogger(TunnelCalls.class);

  private static final GrpcMethod<TunnelEnd, TunnelEnd> JOIN =
      new GrpcMethod<>(
          OverlayProto.getDescriptor().findServiceByName("Overlay"),
          "Join",
          TunnelEnd.getDefaultInstance(),
          TunnelEnd.getDefaultInstance());
  private static final GrpcMethod<TunnelEnd, PartAnswer> PART =
      new GrpcMethod<>(
          OverlayProto.getDescriptor().findServiceByName("Overlay"),
          "Part",
          TunnelEnd.getDefaultInstance(),
          PartAnswer.getDefaultInstance());

  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final Dial dial;

  TunnelCalls(Dial dial) {
    this.dial = dial;
  }

  /** Tells a node this node's end; the answer has the other one. */
  Future<PeerEnd> join(String node, long interfaceId) {
    return dial.call(node, JOIN, message(interfaceId), DEADLINE).map(TunnelCalls::end);
  }

  /** Tells a node that this node's end is gone; without the call it would notice later. */
  void part(String node, long interfaceId) {
    dial.call(node, PART, message(interfaceId), DEADLINE)
        .onFailure(e -> log.debug("node {} not told: {}", node, Reason.of(e)));
  }

  /**
   * Answers other nodes.
   *
   * @param tunnels finds the tunnel to a node, by its id
   */
  static void serve(
      GrpcListener listener, RoomThread thread, Function<String, Optional<PodTunnel>> tunnels) {
    Set<Listener> members = Set.of(Listener.MEMBERS);
    listener
        .serve(
            JOIN,
            members,
            (from, there) ->
                thread.call(() -> Future.succeededFuture(onJoin(find(tunnels, from), there))))
        .serve(
            PART,
            members,
            (from, there) ->
                thread.call(
                    () -> {
                      tunnels.apply(from.node()).ifPresent(tunnel -> onPart(tunnel, there));
                      return Future.succeededFuture(PartAnswer.getDefaultInstance());
                    }));
  }

  private static PodTunnel find(Function<String, Optional<PodTunnel>> tunnels, Caller from) {
    return tunnels
        .apply(from.node())
        .orElseThrow(
            () -> Fault.PRECONDITION.because("no tunnel to " + from + " is wanted here yet"));
  }

  private static TunnelEnd onJoin(PodTunnel tunnel, TunnelEnd there) {
    // Either this end is missing or the peer's is new: a pass has work to do.
    tunnel.kick();
    WireEnd end =
        tunnel.end().orElseThrow(() -> Fault.PRECONDITION.because("this end is not created yet"));
    tunnel.on(life -> life.joined(end, end(there)));
    return message(end.interfaceId());
  }

  private static void onPart(PodTunnel tunnel, TunnelEnd there) {
    tunnel.on(life -> life.parted(there.getInterfaceId(), "its node took its end down"));
  }

  private static PeerEnd end(TunnelEnd there) {
    return new PeerEnd(
        there.getInterfaceId(), PacketWriter.Peer.of(true, there.getUdpSegmentation(), false));
  }

  private static TunnelEnd message(long interfaceId) {
    return TunnelEnd.newBuilder()
        .setInterfaceId(interfaceId)
        .setUdpSegmentation(KernelVersion.hasUdpSegmentation())
        .build();
  }
}
