package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.vertx.core.buffer.Buffer;

/** What comes in by a pipe over QUIC, whose window stops the sender while nothing is read. */
final class QuicPipeIn extends PipeSource implements InStream.Reader {
  private final QuicStreamChannel stream;
  private final QuicPipeOut out;

  /**
   * @param out the other direction, which fails with this one
   */
  QuicPipeIn(QuicStreamChannel stream, Loop loop, QuicPipeOut out) {
    super(loop);
    this.stream = stream;
    this.out = out;
  }

  @Override
  protected Channel channel() {
    return stream;
  }

  @Override
  public void onData(ByteBuf data) {
    data(Buffer.buffer(ByteBufUtil.getBytes(data)));
  }

  @Override
  public void onPause() {
    // Each part is handed over as it comes.
  }

  @Override
  public void onEnd() {
    end();
  }

  @Override
  public void onFailed(Throwable why) {
    fail(why);
    out.fail(why);
  }
}
