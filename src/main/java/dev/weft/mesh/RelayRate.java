package dev.weft.mesh;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the bytes a second that are carried for others, with bursts of up to 50 ms of it, but at
 * least of 64 KiB. Any thread may ask.
 */
final class RelayRate {
  private static final long SECOND = 1_000_000_000L;
  private static final long BURST_NANOS = 50_000_000L;
  private static final long LEAST_BURST = 64 << 10;

  private final double nanosPerByte;
  private final long burst;

  /** When all that was let through would have left at the rate, nanoseconds. */
  private final AtomicLong busyUntil;

  /**
   * @param bytesPerSecond 0 for no limit
   */
  RelayRate(long bytesPerSecond, long now) {
    this.nanosPerByte = bytesPerSecond == 0 ? 0 : (double) SECOND / bytesPerSecond;
    this.burst = Math.max(BURST_NANOS, (long) (LEAST_BURST * nanosPerByte));
    this.busyUntil = new AtomicLong(now);
  }

  /** Whether so many bytes may be carried now. */
  boolean admits(int bytes, long now) {
    if (nanosPerByte == 0) {
      return true;
    }
    long cost = (long) (bytes * nanosPerByte);
    while (true) {
      long until = busyUntil.get();
      long next = (until - now < 0 ? now : until) + cost;
      if (next - now > burst) {
        return false;
      }
      if (busyUntil.compareAndSet(until, next)) {
        return true;
      }
    }
  }
}
