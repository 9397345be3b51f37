package dev.weft.room;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before something that failed is tried again: doubling from the first wait to the
 * longest, each shortened at random by up to a fifth, so that many that failed together do not come
 * back together. Pure: time and randomness come from its caller. One thread's.
 */
public final class Backoff {
  /** What most things of this node are retried with. */
  public static final Duration FIRST = Duration.ofMillis(100);

  public static final Duration LONGEST = Duration.ofSeconds(5);

  private static final double JITTER = 0.2;
  private static final int MOST_DOUBLINGS = 30;

  private final Duration first;
  private final Duration longest;
  private final RandomGenerator random;
  private int failures;

  public Backoff(RandomGenerator random) {
    this(FIRST, LONGEST, random);
  }

  public Backoff(Duration first, Duration longest, RandomGenerator random) {
    this.first = first;
    this.longest = longest;
    this.random = random;
  }

  /** It failed once more; the time until the next attempt. */
  public Duration failed() {
    long doubled = first.toNanos() << Math.min(failures, MOST_DOUBLINGS);
    // A shift beyond the long's range shows as a value below the first wait.
    boolean overflown = doubled < first.toNanos() || failures > MOST_DOUBLINGS;
    long wait = overflown ? longest.toNanos() : Math.min(doubled, longest.toNanos());
    failures++;
    return Duration.ofNanos((long) (wait * (1 - JITTER * random.nextDouble())));
  }

  /** Failures since the last success. */
  public int failures() {
    return failures;
  }

  /** It succeeded: the next failure is a first one again. */
  public void succeeded() {
    failures = 0;
  }
}
