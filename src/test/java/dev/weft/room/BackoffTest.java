package dev.weft.room;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class BackoffTest {
  /** Nanoseconds; a double holds as many exactly. */
  private static final long HUNDRED_DAYS = 100L * 86_400 * 1_000_000_000;

  /** Gives the same number whenever it is asked. */
  private static RandomGenerator always(double number) {
    return new RandomGenerator() {
      @Override
      public long nextLong() {
        return 0;
      }

      @Override
      public double nextDouble() {
        return number;
      }
    };
  }

  @Property
  void shouldDoubleUpToTheLongestWait(
      @ForAll @LongRange(min = 1, max = HUNDRED_DAYS) long first,
      @ForAll @LongRange(min = 1, max = HUNDRED_DAYS) long longest,
      @ForAll @IntRange(max = 100) int failures) {
    Backoff backoff = new Backoff(Duration.ofNanos(first), Duration.ofNanos(longest), always(0));
    for (int i = 0; i < failures; i++) {
      backoff.failed();
    }
    BigInteger doubled = BigInteger.valueOf(first).shiftLeft(failures);

    assertThat(backoff.failed().toNanos())
        .isEqualTo(doubled.min(BigInteger.valueOf(longest)).longValueExact());
  }

  @Property
  void shouldShortenAWaitByAFifthAtMost(
      @ForAll long seed, @ForAll @IntRange(max = 40) int failures) {
    Backoff jittered = new Backoff(new Random(seed));
    Backoff plain = new Backoff(always(0));
    for (int i = 0; i < failures; i++) {
      jittered.failed();
      plain.failed();
    }
    long longest = plain.failed().toNanos();

    assertThat(jittered.failed().toNanos()).isBetween(longest * 4 / 5, longest);
  }

  @Test
  void shouldNotSendAllBackTogether() {
    Random random = new Random(1);
    Set<Duration> waits = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      waits.add(new Backoff(random).failed());
    }

    assertThat(waits).hasSizeGreaterThan(90);
  }

  @Property
  void shouldBeginAnewAfterASuccess(@ForAll @IntRange(max = 100) int failures) {
    Backoff backoff = new Backoff(always(0));
    for (int i = 0; i < failures; i++) {
      backoff.failed();
    }
    assertThat(backoff.failures()).isEqualTo(failures);

    backoff.succeeded();

    assertThat(backoff.failures()).isZero();
    assertThat(backoff.failed()).isEqualTo(Backoff.FIRST);
  }
}
