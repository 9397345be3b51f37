package dev.weft.rpc;

import dev.weft.bus.Fault;
import io.vertx.core.buffer.Buffer;

/** An incoming stream that is answered once, after which nothing of it matters any more. */
abstract class AnsweredStream implements InStream {
  private final Caller caller;
  private final Runnable done;
  private boolean isDone;

  /** What has come and is not read yet. */
  final HeldStream held = new HeldStream(this::consumed);

  /**
   * @param done runs once, when the stream was ended, refused, or has failed
   */
  AnsweredStream(Caller caller, Runnable done) {
    this.caller = caller;
    this.done = done;
  }

  /** Bytes are held no more. */
  abstract void consumed(int bytes);

  /** Sends the answer. */
  abstract void answer(Buffer message);

  abstract void answer(Fault fault, String why);

  final boolean isDone() {
    return isDone;
  }

  @Override
  public final Caller caller() {
    return caller;
  }

  @Override
  public final void read(Reader reader) {
    held.read(reader);
  }

  @Override
  public final void end(Buffer message) {
    answer(message);
    finish();
  }

  @Override
  public final void refuse(Fault fault, String why) {
    answer(fault, why);
    finish();
  }

  @Override
  public final void abandon() {
    if (!isDone) {
      held.onFailed(Fault.UNAVAILABLE.because(Legs.ABANDONED));
      refuse(Fault.UNAVAILABLE, Legs.ABANDONED);
    }
  }

  /** Nothing more is done with it. */
  void finish() {
    if (!isDone) {
      isDone = true;
      done.run();
    }
  }
}
