package dev.weft.proxy.utp.machine;

import java.util.Arrays;

/**
 * One-way delays, by two clocks whose difference is not known: the least of the last minutes is
 * that of an empty path, what is above it is the queue (RFC 6817 section 3.4.2). Delays are of 32
 * bits and compared as such, so the difference may wrap.
 */
final class DelayHistory {
  /** For how long the least delay is kept: so long a change of path or of clocks may disturb. */
  private static final int MINUTES = 10;

  /** Samples of which the least counts as the delay of now. */
  private static final int NOW = 4;

  private static final long MINUTE = 60_000_000;

  private final int[] minutes = new int[MINUTES];
  private final int[] last = new int[NOW];
  private long minute = -1;
  private int at;
  private int samples;

  /**
   * Takes a delay.
   *
   * @param delay microseconds, 32 bits
   * @param now microseconds
   */
  void add(long delay, long now) {
    int sample = (int) delay;
    long passed = now / MINUTE - minute;
    minute = now / MINUTE;
    if (samples == 0) {
      Arrays.fill(minutes, sample);
      Arrays.fill(last, sample);
    } else {
      for (long i = Math.min(passed, MINUTES); i > 0; i--) {
        at = (at + 1) % MINUTES;
        minutes[at] = sample;
      }
    }
    minutes[at] = less(sample, minutes[at]);
    last[samples++ % NOW] = sample;
    if (samples == 2 * NOW) {
      samples = NOW;
    }
  }

  /** Microseconds that a packet waits in queues; never below 0. */
  long queueing() {
    return samples == 0 ? 0 : Math.max(0, least(last) - least(minutes));
  }

  private static int least(int[] of) {
    int least = of[0];
    for (int each : of) {
      least = less(each, least);
    }
    return least;
  }

  private static int less(int a, int b) {
    return a - b < 0 ? a : b;
  }
}
