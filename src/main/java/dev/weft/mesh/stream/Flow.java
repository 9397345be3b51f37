package dev.weft.mesh.stream;

import dev.weft.bus.Fault;
import dev.weft.mesh.proto.SignalUpdate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * One direction of a pair: messages that its writer has written and its reader has not taken yet,
 * and after them, possibly, the end. Signals do not wait in it.
 *
 * <p>It is full at {@value #FULL} bytes, which asks the writer to wait, and refuses more at {@value
 * #LIMIT}.
 */
final class Flow {
  /** What a reader is told. */
  interface Reader {
    /** There is a message to take, or none will come: look again. */
    void onReadable();

    /** Signals were set or cleared, which may be what they were. */
    default void onSignals() {}
  }

  static final int FULL = 256 << 10;
  static final int LIMIT = 4 << 20;

  private static final Reader NOBODY = () -> {};

  private final Deque<ChannelMessage> messages = new ArrayDeque<>();
  private int weight;
  private Reader reader = NOBODY;
  private Runnable writable = () -> {};
  private boolean waiting;

  /** The writer will write no more, but may still read. */
  private boolean ended;

  /** The writer is gone; why, empty for no particular reason. Null while it is there. */
  private String closed;

  /** The writer is here no longer: what follows comes by another way. */
  private boolean handedOver;

  /** Something that precedes the writer's messages is still to be written by another. */
  private boolean preceded;

  private final List<Runnable> whenSettled = new ArrayList<>();

  /** The reader is gone. */
  private boolean abandoned;

  private int signals;

  /** What has changed of the signals since {@link #takeSignals}: bits set, and bits cleared. */
  private int set;

  private int cleared;

  /** Who reads; is told at once if there is something to read. */
  void readBy(Reader next) {
    reader = next;
    reader.onReadable();
  }

  /** Who reads, once it looks. */
  void listen(Reader next) {
    reader = next;
  }

  void readByNobody() {
    reader = NOBODY;
  }

  /** What to do when it was full and is not any more, or when its reader is gone. */
  void onWritable(Runnable next) {
    writable = next;
  }

  /**
   * Adds a message.
   *
   * @return null, or why it was not added
   */
  RuntimeException write(ChannelMessage message) {
    if (abandoned) {
      return Fault.UNAVAILABLE.because("the other end is closed");
    }
    if (closed != null) {
      return Fault.UNAVAILABLE.because("the pair is closed");
    }
    if (ended) {
      return Fault.PRECONDITION.because("this end has ended");
    }
    int size = message.weight();
    if (weight + size > LIMIT) {
      return Fault.EXHAUSTED.because(
          "%d bytes wait for the other end (expected: at most %d)".formatted(weight, LIMIT));
    }
    add(message, size);
    reader.onReadable();
    return null;
  }

  private void add(ChannelMessage message, int size) {
    messages.add(message);
    weight += size;
  }

  /** Takes the oldest message; null if there is none now. */
  ChannelMessage poll() {
    ChannelMessage message = messages.poll();
    if (message != null) {
      weight -= message.weight();
      if (waiting && weight <= FULL / 2) {
        tellWriter();
      }
    }
    return message;
  }

  private void tellWriter() {
    waiting = false;
    writable.run();
  }

  /** Whether the writer should wait. It is told when it need no longer. */
  boolean full() {
    waiting = !abandoned && weight >= FULL;
    return waiting;
  }

  boolean isEmpty() {
    return messages.isEmpty();
  }

  /** The writer writes no more. */
  void end() {
    if (!ended) {
      ended = true;
      reader.onReadable();
    }
  }

  /** The writer is gone. */
  void close(String reason) {
    if (closed == null) {
      closed = reason;
      reader.onReadable();
    }
  }

  /** What follows comes by another way. */
  void handOver() {
    handedOver = true;
    reader.onReadable();
  }

  /** Something is still to be written before the writer's messages, by another. */
  void unsettle() {
    preceded = true;
  }

  /** What precedes the writer's messages has been written. */
  void settle() {
    preceded = false;
    reader.onReadable();
    List<Runnable> waiting = List.copyOf(whenSettled);
    whenSettled.clear();
    waiting.forEach(Runnable::run);
  }

  /** Runs once nothing is to be written any more before the writer's messages; perhaps at once. */
  void whenSettled(Runnable then) {
    if (preceded) {
      whenSettled.add(then);
    } else {
      then.run();
    }
  }

  /** The reader is gone: drops everything, now and later. */
  void abandon() {
    if (abandoned) {
      return;
    }
    abandoned = true;
    reader = NOBODY;
    drop();
    if (waiting) {
      tellWriter();
    } else {
      writable.run();
    }
  }

  private void drop() {
    for (ChannelMessage m = messages.poll(); m != null; m = messages.poll()) {
      m.discard();
    }
    weight = 0;
  }

  boolean abandoned() {
    return abandoned;
  }

  /** Whether the writer has ended and all of it has been read. */
  boolean atEnd() {
    return ended && finished();
  }

  /** Whether the writer is gone and all of it has been read. */
  boolean atClose() {
    return closed != null && finished();
  }

  /** Whether nothing more comes into this flow from where it came. */
  boolean atHandOver() {
    return handedOver && finished();
  }

  /**
   * Whether there is nothing to read now, nor anything on its way that precedes what is written.
   */
  boolean finished() {
    return messages.isEmpty() && !preceded;
  }

  /** Why the writer is gone; null while it is there. */
  String closeReason() {
    return closed;
  }

  boolean hasEnded() {
    return ended;
  }

  /** Sets and clears signals that the reader sees. */
  void signal(int bits, int clear) {
    set = (set & ~clear) | bits;
    cleared = (cleared & ~bits) | clear;
    signals = (signals & ~clear) | bits;
    reader.onSignals();
  }

  int signals() {
    return signals;
  }

  /** From now on the signals go where none of them is known yet. */
  void signalAnew() {
    set = signals;
    cleared = 0;
  }

  /** What is to be told of the signals; null if nothing. */
  SignalUpdate takeSignals() {
    if (set == 0 && cleared == 0) {
      return null;
    }
    SignalUpdate update = SignalUpdate.newBuilder().setSet(set).setClear(cleared).build();
    set = 0;
    cleared = 0;
    return update;
  }

  /** Appends all of another flow, whose writer writes here from now on. */
  void append(Flow other) {
    for (ChannelMessage m = other.messages.poll(); m != null; m = other.messages.poll()) {
      if (abandoned) {
        m.discard();
      } else {
        add(m, m.weight());
      }
    }
    other.weight = 0;
    ended |= other.ended;
    if (closed == null) {
      closed = other.closed;
    }
    handedOver = other.handedOver;
    writable = other.writable;
    signal(other.set, other.cleared);
    if (other.waiting || abandoned) {
      waiting = other.waiting;
      if (abandoned || weight <= FULL / 2) {
        tellWriter();
      }
    }
    reader.onReadable();
  }
}
