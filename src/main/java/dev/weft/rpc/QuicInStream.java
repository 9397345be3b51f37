package dev.weft.rpc;

import dev.weft.bus.Fault;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.vertx.core.buffer.Buffer;

/** An incoming stream over QUIC. What is held is not read on, so QUIC's window stops the sender. */
final class QuicInStream extends AnsweredStream implements InStream.Reader {
  private final QuicStreamChannel stream;
  private final QuicAnswer answer;

  /**
   * @param done runs once, when the stream was ended, refused, or has failed
   */
  QuicInStream(Caller caller, QuicStreamChannel stream, QuicAnswer answer, Runnable done) {
    super(caller, done);
    this.stream = stream;
    this.answer = answer;
  }

  @Override
  void consumed(int bytes) {
    stream.config().setAutoRead(true);
  }

  @Override
  public void onData(ByteBuf data) {
    if (!isDone() && !held.onData(data)) {
      stream.config().setAutoRead(false);
    }
  }

  @Override
  public void onPause() {
    if (!isDone()) {
      held.onPause();
    }
  }

  @Override
  public void onEnd() {
    if (!isDone()) {
      held.onEnd();
    }
  }

  @Override
  public void onFailed(Throwable why) {
    if (!isDone()) {
      held.onFailed(why);
      finish();
    }
  }

  @Override
  void answer(Buffer message) {
    answer.message(message);
  }

  @Override
  void answer(Fault fault, String why) {
    answer.refuse(fault.grpcStatus(), why);
  }

  @Override
  void finish() {
    if (!isDone()) {
      // Reads on to the sender's end, so that QUIC forgets the stream.
      stream.config().setAutoRead(true);
    }
    super.finish();
  }
}
