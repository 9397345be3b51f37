package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamChannel;

/**
 * Writes one direction of a QUIC stream, on the connection's loop. QUIC takes what its congestion
 * control and the peer's window let it send soon; the rest waits here, and makes the writer full.
 * Netty's own word on that is not asked for: it may say writable where nothing can be written.
 */
final class QuicWriter {
  private static final int LIMIT = 256 << 10;

  private final QuicStreamChannel stream;
  private int limit = LIMIT;

  /** Bytes that QUIC has not taken yet. */
  private int unsent;

  private Runnable drained;
  private boolean ended;

  QuicWriter(QuicStreamChannel stream) {
    this.stream = stream;
  }

  void limit(int bytes) {
    limit = bytes;
  }

  boolean isEnded() {
    return ended;
  }

  boolean isFull() {
    return unsent >= limit;
  }

  /**
   * Writes, and releases the buffer; nothing after the end.
   *
   * @param whenDrained runs once, if this is full, when it is half empty or has failed; never
   *     before this returns
   * @return false if this is full
   */
  boolean write(ByteBuf data, Runnable whenDrained) {
    var unused = write(data);
    if (!isFull()) {
      return true;
    }
    drained = whenDrained;
    return false;
  }

  /** Writes, full or not. */
  ChannelFuture write(ByteBuf data) {
    if (ended) {
      data.release();
      return stream.newSucceededFuture();
    }
    int bytes = data.readableBytes();
    unsent += bytes;
    return stream.writeAndFlush(data).addListener(taken -> taken(bytes));
  }

  private void taken(int bytes) {
    unsent -= bytes;
    if (drained != null && unsent <= limit / 2) {
      Runnable run = drained;
      drained = null;
      stream.eventLoop().execute(run);
    }
  }

  /** Ends the direction, after what waits. */
  ChannelFuture end() {
    if (ended) {
      return stream.newSucceededFuture();
    }
    ended = true;
    return StreamEnd.send(stream);
  }

  /** Writes the last bytes. */
  void end(ByteBuf last) {
    if (ended) {
      last.release();
      return;
    }
    ended = true;
    var unused = stream.writeAndFlush(new DefaultQuicStreamFrame(last, true));
  }
}
