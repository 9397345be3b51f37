package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntConsumer;

/**
 * Holds the data of a stream until the stream has a reader: a leg waits until the leg before it has
 * ended. Held bytes do not count as consumed, so the sender's window bounds them. For one event
 * loop.
 */
final class HeldStream {
  private final IntConsumer consumed;
  private final Deque<ByteBuf> held = new ArrayDeque<>();
  private InStream.Reader reader;
  private boolean ended;
  private Throwable failure;

  /**
   * @param consumed gets the number of held bytes once they are read
   */
  HeldStream(IntConsumer consumed) {
    this.consumed = consumed;
  }

  /**
   * Reads or holds data that came in.
   *
   * @return whether it was read, or dropped after a failure
   */
  boolean onData(ByteBuf data) {
    if (failure != null) {
      return true;
    }
    if (reader != null) {
      reader.onData(data);
      return true;
    }
    // A copy: what is held for seconds may be a little of a large buffer.
    held.add(data.copy());
    return false;
  }

  void onPause() {
    if (reader != null && failure == null) {
      reader.onPause();
    }
  }

  void onEnd() {
    ended = true;
    if (reader != null && failure == null) {
      reader.onEnd();
    }
  }

  void onFailed(Throwable why) {
    if (failure != null) {
      return;
    }
    failure = why;
    if (reader != null) {
      reader.onFailed(why);
    } else {
      held.forEach(ByteBuf::release);
      held.clear();
    }
  }

  /** Hands over the held data, and from now on all data that comes in. */
  void read(InStream.Reader to) {
    reader = to;
    if (failure != null) {
      reader.onFailed(failure);
      return;
    }
    int bytes = 0;
    for (ByteBuf data = held.poll(); data != null; data = held.poll()) {
      bytes += data.readableBytes();
      reader.onData(data);
      data.release();
    }
    reader.onPause();
    // What is consumed may bring more at once, even the end.
    boolean isWhole = ended;
    consumed.accept(bytes);
    if (isWhole) {
      reader.onEnd();
    }
  }
}
