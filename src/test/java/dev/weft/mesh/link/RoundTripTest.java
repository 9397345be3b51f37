package dev.weft.mesh.link;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RoundTripTest {
  private final RoundTrip roundTrip = new RoundTrip();

  @Test
  void shouldBeTheFirstSample() {
    roundTrip.add(1234, 0);

    assertThat(roundTrip.micros()).isEqualTo(1234);
  }

  @Test
  void shouldFollowTheSamples() {
    for (int i = 0; i < 20; i++) {
      roundTrip.add(1000, i);
    }
    for (int i = 0; i < 40; i++) {
      roundTrip.add(5000, i);
    }

    assertThat(roundTrip.micros()).isCloseTo(5000, within(10L));
  }

  @Test
  void shouldHardlyFollowOneSample() {
    for (int i = 0; i < 20; i++) {
      roundTrip.add(1000, i);
    }

    roundTrip.add(17_000, 21);

    assertThat(roundTrip.micros()).isEqualTo(1250);
  }

  @Test
  void shouldPingLessOftenWhileTheSamplesAreSteady() {
    for (int i = 0; i < 100; i++) {
      roundTrip.add(1000, i);
    }

    assertThat(roundTrip.spacing()).isEqualTo(RoundTrip.LONGEST_SPACING);
  }

  @Test
  void shouldLengthenTheSpacingByAQuarterAndHalveIt() {
    roundTrip.add(1000, 0);
    roundTrip.add(1000, 1);
    roundTrip.add(1000, 2);
    long steady = roundTrip.spacing();

    roundTrip.add(9000, 3);

    assertThat(steady).isEqualTo((long) (RoundTrip.SHORTEST_SPACING * 1.25 * 1.25 * 1.25));
    assertThat(roundTrip.spacing()).isEqualTo(RoundTrip.SHORTEST_SPACING);
  }

  @Test
  void shouldForgetSamplesOfMoreThanTwoMinutesAgo() {
    long later = MINUTES.toNanos(2) + 1;
    for (int i = 0; i < 4; i++) {
      roundTrip.add(1000, 0);
    }

    for (int i = 0; i < 30; i++) {
      roundTrip.add(5000, later);
    }

    assertThat(roundTrip.micros()).isCloseTo(5000, within(10L));
  }

  @Test
  void shouldKeepThreeSamplesHoweverOld() {
    roundTrip.add(1000, 0);
    roundTrip.add(1000, 0);
    roundTrip.add(4000, MINUTES.toNanos(9));

    // The mean of three is 2000.
    assertThat(roundTrip.micros()).isEqualTo(1250);
  }

  @Property
  void shouldStayWithinTheSamplesAndItsBounds(
      @ForAll @Size(min = 1, max = 200) List<@LongRange(min = 0, max = 10_000_000) Long> samples) {
    RoundTrip any = new RoundTrip();
    long now = 0;
    long least = Long.MAX_VALUE;
    long most = 0;
    for (long sample : samples) {
      now += SECONDS.toNanos(sample % 50);
      any.add(sample, now);
      least = Math.min(least, sample);
      most = Math.max(most, sample);
    }

    assertThat(any.micros()).isBetween(least, most);
    assertThat(any.spacing()).isBetween(RoundTrip.SHORTEST_SPACING, RoundTrip.LONGEST_SPACING);
  }
}
