package dev.weft.dial;

import dev.weft.reach.PeerPort;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.Loop;
import dev.weft.rpc.QuicConnection;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Serves those who come through the mesh, as the members that their certificates prove. */
final class MeshListener {
  /** What stands for the address of a caller who comes through the mesh. */
  static final String ADDRESS = "the mesh";

  private final GrpcListener listener;
  private final int most;
  private final Map<String, Integer> connections = new ConcurrentHashMap<>();

  /**
   * @param most connections of one node; a node has one on each of its loops and one for calls, and
   *     as many again while it renews them
   */
  MeshListener(GrpcListener listener, int most) {
    this.listener = listener;
    this.most = most;
  }

  void open(PeerPort port) {
    for (Loop loop : listener.loops()) {
      port.accept(QuicConnection.PROTOCOL, loop, (channel, on) -> ready(channel, loop));
    }
  }

  private void ready(QuicChannel channel, Loop loop) {
    channel.pipeline().addLast(new Bound());
    listener.serve(channel, loop, () -> Caller.member(PeerPort.nodeOf(channel).value(), ADDRESS));
  }

  /** Counts a connection once it has proved whose it is, and closes one that is too many. */
  private final class Bound extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      QuicChannel channel = (QuicChannel) ctx.channel();
      String node = PeerPort.nodeOf(channel).value();
      int open = connections.merge(node, 1, Integer::sum);
      channel
          .closeFuture()
          .addListener(
              closed -> connections.computeIfPresent(node, (n, c) -> c == 1 ? null : c - 1));
      if (open > most) {
        String reason =
            "connections of node " + node + ": " + open + " (expected: up to " + most + ")";
        var unused = channel.close(true, 0, Unpooled.copiedBuffer(reason, StandardCharsets.UTF_8));
      }
      ctx.fireChannelActive();
    }
  }
}
