package dev.weft.reach;

import dev.weft.rpc.StreamEnd;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.util.concurrent.CompletableFuture;

/**
 * Both directions of a stream that carries many bytes, each of which tells its place: what is sent,
 * and what has come.
 */
public final class BulkStream extends ChannelInboundHandlerAdapter {
  private static final int CHUNK = 32 << 10;

  private final CompletableFuture<Long> whole = new CompletableFuture<>();
  private long left;
  private long sent;
  private boolean ended;
  private volatile long got;

  /**
   * @param bytes to send; the end follows
   */
  public BulkStream(long bytes) {
    this.left = bytes;
  }

  /** How much came before the end; fails at the first byte that is not in its place. */
  public CompletableFuture<Long> whole() {
    return whole;
  }

  /** How much has come. */
  public long got() {
    return got;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    pump(ctx);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    pump(ctx);
  }

  private void pump(ChannelHandlerContext ctx) {
    while (left > 0 && ctx.channel().isWritable()) {
      int length = (int) Math.min(CHUNK, left);
      ByteBuf bytes = ctx.alloc().directBuffer(length);
      for (int i = 0; i < length; i++) {
        bytes.writeByte(at(sent + i));
      }
      sent += length;
      left -= length;
      ended = left == 0;
      // The end goes with the last bytes, or it may get lost (StreamEnd).
      var unused = ctx.write(ended ? new DefaultQuicStreamFrame(bytes, true) : bytes);
    }
    ctx.flush();
    if (left == 0 && !ended) {
      ended = true;
      var unused = StreamEnd.send((QuicStreamChannel) ctx.channel());
    }
  }

  private static byte at(long place) {
    return (byte) (place ^ (place >>> 8) * 31 ^ (place >>> 20) * 7);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    long place = got;
    while (bytes.isReadable()) {
      byte is = bytes.readByte();
      if (is != at(place)) {
        whole.completeExceptionally(
            new AssertionError("byte " + place + ": " + is + " (expected: " + at(place) + ")"));
      }
      place++;
    }
    got = place;
    bytes.release();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownReadComplete) {
      whole.complete(got);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    whole.completeExceptionally(new AssertionError("the stream ended after " + got + " bytes"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    whole.completeExceptionally(cause);
  }
}
