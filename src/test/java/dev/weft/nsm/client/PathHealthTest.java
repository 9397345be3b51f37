package dev.weft.nsm.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.nsm.connection.PathProbes.Heard;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PathHealthTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final PathHealth health = new PathHealth();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  void shouldBeDeadAfterFiveProbesWithoutAnAnswer() {
    heard(Heard.ANSWER, 1);

    assertThat(probesUntilDead(Heard.NOTHING)).isEqualTo(5);
    assertThat(health.silence(now)).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void shouldBeDeadLaterWhileFramesArrive() {
    heard(Heard.ANSWER, 1);

    assertThat(probesUntilDead(Heard.FRAMES)).isEqualTo(15);
  }

  @Test
  void shouldLiveAsLongAsSomeProbesAreAnswered() {
    for (int i = 0; i < 10; i++) {
      heard(Heard.NOTHING, 4);
      assertThat(health.isDead()).isFalse();
      heard(Heard.ANSWER, 1);
    }
  }

  @Test
  void shouldNotCountProbesThatWereNotSent() {
    heard(Heard.ANSWER, 1);
    heard(Heard.UNASKED, 100);

    assertThat(health.isDead()).isFalse();
    assertThat(health.carries()).isFalse();
  }

  @Test
  void shouldTakeTwiceAsLongEachTimeThatItWasLeft() {
    heard(Heard.ANSWER, 1);
    assertThat(probesUntilDead(Heard.NOTHING)).isEqualTo(5);
    health.moved();
    assertThat(health.isProven()).isFalse();
    assertThat(probesUntilDead(Heard.NOTHING)).isEqualTo(10);
    health.moved();
    heard(Heard.ANSWER, 59);
    assertThat(probesUntilDead(Heard.NOTHING)).isEqualTo(20);

    health.renewed();
    heard(Heard.ANSWER, 60);
    assertThat(probesUntilDead(Heard.NOTHING)).as("after a minute of answers").isEqualTo(5);
  }

  @Test
  void shouldCarryWhileAllButOneOrTwoProbesAreAnswered() {
    assertThat(health.carries()).as("never answered").isFalse();
    heard(Heard.ANSWER, 1);
    heard(Heard.NOTHING, 2);
    assertThat(health.carries()).as("two misses").isTrue();
    heard(Heard.NOTHING, 1);
    assertThat(health.carries()).as("three misses").isFalse();
    assertThat(health.isDead()).isFalse();
  }

  private void heard(Heard what, int times) {
    for (int i = 0; i < times; i++) {
      now = now.plus(SECOND);
      health.heard(what, now);
    }
  }

  private int probesUntilDead(Heard what) {
    for (int i = 1; i <= 1000; i++) {
      heard(what, 1);
      if (health.isDead()) {
        return i;
      }
    }
    throw new AssertionError("never dead");
  }
}
