package dev.weft.topology;

import java.time.Duration;

/**
 * Failures in a row of one thing, and when it is tried again: after 100 ms, doubling to 5 s.
 *
 * @param reason of the last failure
 * @param notBefore on the clock that {@link #after} was given, in nanoseconds
 */
record BackOff(String reason, int failures, long notBefore) {
  private static final Duration FIRST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofSeconds(5);

  /**
   * @param before null for the first failure
   */
  static BackOff after(BackOff before, String reason, long nanoTime) {
    int failures = before == null ? 1 : before.failures + 1;
    long doubled = FIRST.toNanos() << Math.min(failures - 1, 10);
    return new BackOff(reason, failures, nanoTime + Math.min(doubled, LONGEST.toNanos()));
  }

  /** Nanoseconds until it is due, 0 or less if it is. */
  long remaining(long nanoTime) {
    return notBefore - nanoTime;
  }
}
