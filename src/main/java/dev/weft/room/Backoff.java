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

  private final long first;
  private final long longest;
  private final RandomGenerator random;

  /** Before jitter, nanoseconds. */
  private long next;

  private int failures;

  public Backoff(RandomGenerator random) {
    this(FIRST, LONGEST, random);
  }

  public Backoff(Duration first, Duration longest, RandomGenerator random) {
    this.longest = longest.toNanos();
    this.first = Math.min(first.toNanos(), this.longest);
    this.random = random;
    this.next = this.first;
  }

  /** It failed once more; the time until the next attempt. */
  public Duration failed() {
    long wait = next;
    next = wait > longest / 2 ? longest : wait * 2;
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
    next = first;
  }
}
