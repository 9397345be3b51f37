package dev.weft.room;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before another attempt. The wait doubles from the first to the longest; each is
 * shortened at random by up to a fifth, so that callers that failed together do not return
 * together. Pure: the caller supplies the clock and the randomness. For one thread.
 */
public final class Backoff {
  /** The first wait of most retries. */
  public static final Duration FIRST = Duration.ofMillis(100);

  public static final Duration LONGEST = Duration.ofSeconds(5);

  private static final double JITTER = 0.2;

  private final long first;
  private final long longest;
  private final RandomGenerator random;

  /** The next wait before jitter, nanoseconds. */
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

  /** Counts a failure; the time to wait until the next attempt. */
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

  /** Counts a success: the next wait is the first one again. */
  public void succeeded() {
    failures = 0;
    next = first;
  }
}
