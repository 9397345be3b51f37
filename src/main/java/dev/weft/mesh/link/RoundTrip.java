package dev.weft.mesh.link;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;

/**
 * A link's round-trip time: the mean of the latest samples, smoothed. The steadier they are, the
 * longer the time between pings; while they differ widely, further ones are taken soon. So what was
 * measured while a node was busy, as at its start, is forgotten in seconds.
 */
final class RoundTrip {
  static final long SHORTEST_SPACING = MILLISECONDS.toNanos(100);
  static final long LONGEST_SPACING = SECONDS.toNanos(20);

  private static final long OLD = MINUTES.toNanos(2);

  /** Older samples than this go only while more than so many remain. */
  private static final int FEWEST = 3;

  private static final int MOST = 16;

  /** A standard deviation up to which samples are about the same, microseconds. */
  private static final double ALIKE = 5000;

  /** The same as a part of the mean. */
  private static final double ALIKE_PART = 0.2;

  /** Rings: sample i stands at i % MOST. */
  private final long[] micros = new long[MOST];

  private final long[] taken = new long[MOST];
  private long first;
  private long end;

  private double smoothed = -1;
  private double variance;
  private long spacing = SHORTEST_SPACING;

  /**
   * Adds a sample.
   *
   * @param sample microseconds, from 0
   */
  void add(long sample, long now) {
    micros[(int) (end % MOST)] = sample;
    taken[(int) (end % MOST)] = now;
    end++;
    while (end - first > MOST
        || (end - first > FEWEST && now - taken[(int) (first % MOST)] > OLD)) {
      first++;
    }
    double mean = mean();
    smoothed = smoothed < 0 ? mean : (3 * smoothed + mean) / 4;
    adapt(variance(mean), Math.max(ALIKE, ALIKE_PART * mean));
  }

  private double mean() {
    double sum = 0;
    for (long i = first; i < end; i++) {
      sum += micros[(int) (i % MOST)];
    }
    return sum / (end - first);
  }

  private double variance(double mean) {
    double sum = 0;
    for (long i = first; i < end; i++) {
      double off = micros[(int) (i % MOST)] - mean;
      sum += off * off;
    }
    return sum / (end - first);
  }

  private void adapt(double now, double alike) {
    if (now > variance) {
      spacing = Math.max(SHORTEST_SPACING, spacing / 2);
    } else if (now <= alike * alike) {
      spacing = Math.min(LONGEST_SPACING, spacing + spacing / 4);
    }
    variance = now;
  }

  /** Microseconds; 0 before the first sample. */
  long micros() {
    return Math.max(0, Math.round(smoothed));
  }

  /** How long after a ping the next one is due, nanoseconds. */
  long spacing() {
    return spacing;
  }
}
