package dev.weft.rpc;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;

/** How one direction of a QUIC stream is finished. */
public final class StreamEnd {
  private StreamEnd() {}

  /**
   * Finishes a stream: behind all that has been written the other end reads its end. Netty's {@code
   * shutdownOutput} overtakes what is still queued. And quiche forgets a stream, with an end that
   * has not been sent yet, when all its bytes are acknowledged and the other end has finished: so
   * the end does not wait here for the datagrams that are being read. It still may have to wait for
   * the congestion window, and can get lost then; who writes last sends it with bytes if he can, as
   * a {@link QuicStreamFrame}.
   *
   * @return done when QUIC has taken the end
   */
  public static ChannelFuture send(QuicStreamChannel stream) {
    ChannelPromise taken = stream.newPromise();
    stream
        .eventLoop()
        .execute(
            () -> {
              var unused = stream.writeAndFlush(QuicStreamFrame.EMPTY_FIN, taken);
            });
    return taken;
  }
}
