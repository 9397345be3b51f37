package dev.weft.rpc;

import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;

/**
 * Learns how many bytes a connection should take before it has sent them: what it sends in {@link
 * #HORIZON_NANOS}, so that what is written now does not wait for longer than a few times that. The
 * rate is that of the times in which the connection is full. Pure.
 */
final class Unsent {
  static final long HORIZON_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** Less would cost more system calls than it saves time. */
  static final int LEAST = 8 << 10;

  /** Room for a batch of a wire, which then is one DATA frame. */
  static final int MOST = 160 << 10;

  /** From this rate on, {@link #MOST}. */
  private static final double FAST = (double) MOST / HORIZON_NANOS;

  /** A rate is taken over at least so long, since a kernel takes bytes in bursts. */
  private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** A connection that was not full for so long is not slow any more. */
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final double WEIGHT = 0.2;

  private final LongSupplier nanos;
  private final IntConsumer limit;
  private double bytesPerNano = FAST;
  private int present = MOST;

  /** Whether the connection was full all the time since {@link #since}. */
  private boolean busy;

  /** When the connection was last full with what was written. */
  private long since;

  /** Bytes written since then. */
  private long pending;

  /** Of the time in which the connection was full, as of the last rate. */
  private long busyNanos;

  private long busyBytes;

  /** When the last rate was taken. */
  private long learnt;

  /**
   * @param limit told each number of bytes that differs from the last one by a fifth and more
   */
  Unsent(LongSupplier nanos, IntConsumer limit) {
    this.nanos = nanos;
    this.limit = limit;
  }

  int bytes() {
    return present;
  }

  void wrote(int bytes) {
    pending += bytes;
  }

  /** The connection is full with what was written. */
  void full() {
    long now = nanos.getAsLong();
    if (busy) {
      busyNanos += now - since;
      busyBytes += pending;
      if (busyNanos >= WINDOW_NANOS) {
        double rate = Math.min(FAST, (double) busyBytes / busyNanos);
        bytesPerNano += WEIGHT * (rate - bytesPerNano);
        learn(now);
      }
    }
    busy = true;
    since = now;
    pending = 0;
  }

  /** The connection has taken all there is, and more could be written. */
  void flowed() {
    busy = false;
    if (present < MOST) {
      long now = nanos.getAsLong();
      if (now - learnt > IDLE_NANOS) {
        bytesPerNano = FAST;
        learn(now);
      }
    }
  }

  private void learn(long now) {
    learnt = now;
    busyNanos = 0;
    busyBytes = 0;
    adapt();
  }

  private void adapt() {
    int wanted = (int) Math.max(LEAST, bytesPerNano * HORIZON_NANOS);
    if (Math.abs(wanted - present) > present / 5) {
      present = wanted;
      limit.accept(wanted);
    }
  }
}
