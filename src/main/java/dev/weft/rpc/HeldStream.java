package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * What came in of a stream before it is read: a leg whose predecessor has not ended is held. The
 * sender's window bounds it, since held bytes do not count as consumed. One event loop's.
 */
final class HeldStream {
  private final IntConsumer consumed;
  private final Deque<ByteBuf> held = new ArrayDeque<>();
  private InStream.Reader reader;
  private boolean ended;
  private Optional<Throwable> failure = Optional.empty();

  /**
   * @param consumed is told how many held bytes were read
   */
  HeldStream(IntConsumer consumed) {
    this.consumed = consumed;
  }

  /** Takes what came in; whether it was read at once. */
  boolean onData(ByteBuf data) {
    if (reader != null) {
      reader.onData(data);
      return true;
    }
    held.add(data.retainedSlice());
    return false;
  }

  void onPause() {
    if (reader != null) {
      reader.onPause();
    }
  }

  void onEnd() {
    ended = true;
    if (reader != null) {
      reader.onEnd();
    }
  }

  void onFailed(Throwable why) {
    failure = Optional.of(why);
    if (reader != null) {
      reader.onFailed(why);
    } else {
      held.forEach(ByteBuf::release);
      held.clear();
    }
  }

  /** Gives the reader what is held, and from now on what comes in. */
  void read(InStream.Reader to) {
    reader = to;
    if (failure.isPresent()) {
      reader.onFailed(failure.get());
      return;
    }
    int bytes = 0;
    for (ByteBuf data = held.poll(); data != null; data = held.poll()) {
      bytes += data.readableBytes();
      reader.onData(data);
      data.release();
    }
    reader.onPause();
    consumed.accept(bytes);
    if (ended) {
      reader.onEnd();
    }
  }
}
