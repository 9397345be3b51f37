package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Shares a connection between its streams by deficit round robin: while the connection takes less
 * than they have to send, each gets a turn of as many bytes as {@link Unsent} says after the other,
 * so that their shares are equal in bytes, whatever the size and the number of their batches. A
 * stream that had nothing to send comes before those that wait all the time, with one turn, as in
 * RFC 8290.
 *
 * <p>Without it the streams that were opened first would have everything: whenever a channel has
 * room again, Netty tells its streams in the order of their opening, and the first one fills it.
 *
 * <p>Of each stream at most one batch waits here, which was read before its turn. Pure, and for one
 * thread.
 */
final class Turns {
  /** A stream of the connection, without turns. */
  interface Out {
    /** Writes a batch, and releases it. */
    void write(ByteBuf batch);

    /** Whether the stream's own window, or the connection's, is used up. */
    boolean isFull();

    /** Runs something once, when a stream that is full is not any more. */
    void whenDrained(Runnable run);
  }

  private final BooleanSupplier room;
  private final Consumer<Runnable> later;
  private final Unsent unsent;

  /** Those that wait and did not in the last round. */
  private final Deque<Turn> fresh = new ArrayDeque<>();

  /** Those that wait, and those that did in the last round. */
  private final Deque<Turn> ring = new ArrayDeque<>();

  /** How many in the two wait. */
  private int waiting;

  /** Whose turn it is; null for none. */
  private Turn present;

  private boolean due;

  /**
   * @param room whether the connection takes more
   * @param later runs something on the thread soon, not before it returns
   */
  Turns(BooleanSupplier room, Consumer<Runnable> later, Unsent unsent) {
    this.room = room;
    this.later = later;
    this.unsent = unsent;
  }

  /** The turns of one more stream. */
  Turn of(Out out) {
    return new Turn(out);
  }

  /** The connection may take more again. */
  void onRoom() {
    if (waiting > 0 && !due && room.getAsBoolean()) {
      due = true;
      later.accept(this::serve);
    }
  }

  /** A round, or less if the connection is full before. */
  private void serve() {
    due = false;
    try {
      for (int left = fresh.size() + ring.size();
          left > 0 && waiting > 0 && room.getAsBoolean();
          left--) {
        (fresh.isEmpty() ? ring : fresh).remove().take();
      }
    } finally {
      // A stream that fails in its turn does not end those of the others.
      onRoom();
    }
  }

  /** The turns of one stream. */
  final class Turn {
    private final Out out;

    /** Written before its turn; null for nothing. */
    private ByteBuf held;

    /** Told when it is the stream's turn; null unless it waits. */
    private Runnable drained;

    /** What is left of the turn, bytes; negative after a batch that was larger. */
    private int credit;

    /** Whether it is in one of the queues. */
    private boolean listed;

    private boolean closed;

    private Turn(Out out) {
      this.out = out;
    }

    /** As {@link OutStream#write}. */
    boolean write(ByteBuf batch, Runnable whenDrained) {
      if (closed) {
        batch.release();
        return true;
      }
      if (present == this) {
        pass(batch);
      } else if (isFree()) {
        pass(batch);
      } else {
        flush();
        held = batch;
      }
      if (held == null && isFree()) {
        unsent.flowed();
        return true;
      }
      if (held == null && !room.getAsBoolean()) {
        unsent.full();
      }
      if (drained == null) {
        waiting++;
      }
      drained = whenDrained;
      if (present != this && !listed) {
        list(fresh);
      }
      onRoom();
      return false;
    }

    private boolean isFree() {
      return waiting == 0 && room.getAsBoolean() && !out.isFull();
    }

    private void pass(ByteBuf batch) {
      int bytes = batch.readableBytes();
      if (present == this) {
        credit -= bytes;
      }
      unsent.wrote(bytes);
      out.write(batch);
    }

    private void list(Deque<Turn> queue) {
      listed = true;
      queue.add(this);
    }

    private void take() {
      listed = false;
      if (waiting == 1 && drained != null) {
        credit = unsent.bytes();
      } else if (credit <= 0) {
        credit += unsent.bytes();
      }
      if (credit <= 0) {
        list(ring);
        return;
      }
      if (drained == null) {
        // Nothing to send for a round: the next time it is fresh.
        credit = 0;
        return;
      }
      present = this;
      try {
        while (drained != null && credit > 0 && room.getAsBoolean() && !out.isFull()) {
          step();
        }
      } finally {
        present = null;
      }
      if (drained != null && out.isFull() && room.getAsBoolean()) {
        park();
      } else if (drained != null && credit > 0) {
        // The connection is full in the middle of the turn, which goes on when it is not.
        listed = true;
        ring.addFirst(this);
      } else if (!closed) {
        list(ring);
      }
      if (waiting == 0) {
        unsent.flowed();
      }
    }

    private void step() {
      if (held != null) {
        flush();
      } else {
        Runnable run = drained;
        drained = null;
        waiting--;
        run.run();
      }
    }

    /** Waits aside until the stream's own window opens. */
    private void park() {
      Runnable run = drained;
      drained = null;
      waiting--;
      out.whenDrained(
          () -> {
            if (!closed && drained == null) {
              drained = run;
              waiting++;
              if (!listed) {
                listed = true;
                ring.addFirst(this);
              }
              onRoom();
            }
          });
    }

    /** Writes what waits, whoever's turn it is. */
    void flush() {
      if (held != null) {
        ByteBuf batch = held;
        held = null;
        pass(batch);
      }
    }

    /** Drops what waits: the stream has ended. */
    void close() {
      closed = true;
      if (drained != null) {
        drained = null;
        waiting--;
      }
      if (held != null) {
        held.release();
        held = null;
      }
      if (listed) {
        listed = false;
        fresh.remove(this);
        ring.remove(this);
      }
    }
  }
}
