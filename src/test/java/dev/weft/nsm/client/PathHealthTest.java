package dev.weft.nsm.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.nsm.connection.PathProbes.Heard;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PathHealthTest {
  private static final Duration LOOK = Duration.ofMillis(PathHealth.LOOK_MILLIS);

  private final PathHealth health = new PathHealth();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  void shouldBeDeadAfterEightLooksWithoutAnAnswerAndGoneAfterTwentyFive() {
    heard(Heard.ANSWER, 1);

    assertThat(looksUntilDead(Heard.NOTHING)).isEqualTo(8);
    assertThat(health.silence(now)).isEqualTo(Duration.ofMillis(1600));
    heard(Heard.NOTHING, 16);
    assertThat(health.isGone()).isFalse();
    heard(Heard.NOTHING, 1);
    assertThat(health.isGone()).isTrue();
  }

  @Test
  void shouldBeDeadLaterWhileFramesArrive() {
    heard(Heard.ANSWER, 1);

    assertThat(looksUntilDead(Heard.FRAMES)).isEqualTo(40);
  }

  @Test
  void shouldLiveAsLongAsSomeProbesAreAnswered() {
    for (int i = 0; i < 10; i++) {
      heard(Heard.NOTHING, 7);
      assertThat(health.isDead()).isFalse();
      assertThat(health.carries()).isEqualTo(i > 0);
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
  void shouldNotTakeTheTimeInWhichAPathIsMadeForPatience() {
    heard(Heard.NOTHING, 20);
    heard(Heard.ANSWER, 1);

    assertThat(looksUntilDead(Heard.NOTHING)).isEqualTo(8);
  }

  @Test
  void shouldTakeTwiceAsLongEachTimeThatItWasLeft() {
    heard(Heard.ANSWER, 1);
    assertThat(looksUntilDead(Heard.NOTHING)).isEqualTo(8);
    health.moved();
    assertThat(health.isProven()).isFalse();
    assertThat(looksUntilDead(Heard.NOTHING)).isEqualTo(16);
    health.moved();
    heard(Heard.ANSWER, 59);
    assertThat(looksUntilDead(Heard.NOTHING)).isEqualTo(32);

    health.renewed();
    heard(Heard.ANSWER, 60);
    assertThat(looksUntilDead(Heard.NOTHING)).as("after a minute of answers").isEqualTo(8);
  }

  @Test
  void shouldGiveAPathThatWasSilentAndAnsweredTwiceThatUntilItHasAnsweredForAWhile() {
    heard(Heard.ANSWER, 1);
    heard(Heard.NOTHING, 10);
    assertThat(health.isDead()).isTrue();
    heard(Heard.ANSWER, 1);
    assertThat(health.isDead()).isFalse();

    assertThat(looksUntilDead(Heard.NOTHING)).isEqualTo(20);
    assertThat(health.carries()).as("while the cluster has lost the node").isFalse();
    heard(Heard.ANSWER, 59);
    heard(Heard.NOTHING, 2);
    heard(Heard.ANSWER, 1);
    assertThat(looksUntilDead(Heard.NOTHING)).as("a minute with short waits").isEqualTo(8);
  }

  private void heard(Heard what, int times) {
    for (int i = 0; i < times; i++) {
      now = now.plus(LOOK);
      health.heard(what, now);
    }
  }

  private int looksUntilDead(Heard what) {
    for (int i = 1; i <= 1000; i++) {
      heard(what, 1);
      if (health.isDead()) {
        return i;
      }
    }
    throw new AssertionError("never dead");
  }
}
