package dev.weft.rpc;

import dev.weft.bus.Fault;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.vertx.core.buffer.Buffer;

/** An incoming stream over QUIC. What is held is not read on, so QUIC's window stops the sender. */
final class QuicInStream implements InStream, InStream.Reader {
  private final Caller caller;
  private final QuicStreamChannel stream;
  private final QuicAnswer answer;
  private final Runnable done;
  private final HeldStream held;
  private boolean isDone;

  /**
   * @param done runs once, when the stream was ended, refused, or has failed
   */
  QuicInStream(Caller caller, QuicStreamChannel stream, QuicAnswer answer, Runnable done) {
    this.caller = caller;
    this.stream = stream;
    this.answer = answer;
    this.done = done;
    this.held = new HeldStream(bytes -> stream.config().setAutoRead(true));
  }

  @Override
  public Caller caller() {
    return caller;
  }

  @Override
  public void read(Reader reader) {
    held.read(reader);
  }

  @Override
  public void onData(ByteBuf data) {
    if (!isDone && !held.onData(data)) {
      stream.config().setAutoRead(false);
    }
  }

  @Override
  public void onPause() {
    if (!isDone) {
      held.onPause();
    }
  }

  @Override
  public void onEnd() {
    if (!isDone) {
      held.onEnd();
    }
  }

  @Override
  public void onFailed(Throwable why) {
    if (!isDone) {
      held.onFailed(why);
      finish();
    }
  }

  @Override
  public void end(Buffer message) {
    answer.message(message);
    finish();
  }

  @Override
  public void refuse(Fault fault, String why) {
    answer.refuse(fault.grpcStatus(), why);
    finish();
  }

  @Override
  public void abandon() {
    if (!isDone) {
      held.onFailed(Fault.UNAVAILABLE.because(Legs.ABANDONED));
      refuse(Fault.UNAVAILABLE, Legs.ABANDONED);
    }
  }

  private void finish() {
    if (!isDone) {
      isDone = true;
      // Reads on to the sender's end, so that QUIC forgets the stream.
      stream.config().setAutoRead(true);
      done.run();
    }
  }
}
