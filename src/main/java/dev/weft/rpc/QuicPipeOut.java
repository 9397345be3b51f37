package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;

/** What goes out by a pipe over QUIC. */
final class QuicPipeOut extends PipeSink {
  private final QuicWriter writer;

  QuicPipeOut(QuicWriter writer, Loop loop) {
    super(loop);
    this.writer = writer;
  }

  @Override
  protected ChannelFuture give(ByteBuf bytes) {
    return writer.write(bytes);
  }

  @Override
  protected ChannelFuture finish() {
    return writer.end();
  }
}
