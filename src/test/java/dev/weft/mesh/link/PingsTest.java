package dev.weft.mesh.link;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PingsTest {
  private static final long MILLI = MILLISECONDS.toNanos(1);

  private final Pings pings = new Pings(new Random(1));
  private long now = SECONDS.toNanos(7);

  @BeforeEach
  void start() {
    pings.start(now);
  }

  /** Lets time pass to the next ping. */
  private long ping() {
    now = Math.max(now, pings.due());
    return pings.ping(now);
  }

  private void pass(long nanos) {
    now += nanos;
  }

  @Test
  void shouldTakeTheQueueTimeOffTheRoundTrip() {
    long id = ping();
    pass(5 * MILLI);

    boolean sample = pings.answered(id, 2000, now);

    assertThat(sample).isTrue();
    assertThat(pings.roundTrip().micros()).isEqualTo(3000);
  }

  @Test
  void shouldNotBelieveAPongThatWaitedLongerThanItWasAway() {
    for (long queue : new long[] {5001, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
      long id = ping();
      pass(5 * MILLI);

      assertThat(pings.answered(id, queue, now)).isFalse();
    }
    assertThat(pings.roundTrip().micros()).isZero();
    assertThat(pings.up()).isTrue();
  }

  @Test
  void shouldTakeAnAnswerOnce() {
    long id = ping();
    pass(MILLI);

    assertThat(pings.answered(id, 0, now)).isTrue();
    assertThat(pings.answered(id, 0, now)).isFalse();
    assertThat(pings.answered(id + 1, 0, now)).isFalse();
  }

  @Test
  void shouldUnderstandAnswersThatTakeLongerThanTheNextPing() {
    ping();
    long second = ping();
    ping();
    pass(400 * MILLI);

    assertThat(pings.answered(second, 0, now)).isTrue();

    assertThat(pings.roundTrip().micros()).isEqualTo(525_000);
  }

  @Test
  void shouldPingAfterHalfASecondOfSilence() {
    long id = ping();
    pass(MILLI);
    pings.answered(id, 0, now);
    for (int i = 0; i < 60; i++) {
      id = ping();
      pings.heard(now);
      pings.answered(id, 0, now);
    }

    assertThat(pings.due()).isEqualTo(now + Pings.SILENCE);
  }

  /** Pings in vain until the link is down. */
  private void miss() {
    while (pings.up()) {
      ping();
    }
  }

  @Test
  void shouldBeDownAfterThreeMisses() {
    long heard = now;
    long first = pings.due();

    miss();

    assertThat(now).isEqualTo(first + Pings.MISSES * Pings.SILENCE);
    assertThat(now - heard).isLessThanOrEqualTo(SECONDS.toNanos(2));
  }

  @Test
  void shouldPingSeveralTimesBeforeItTakesALinkForDead() {
    int pinged = 0;
    while (pings.up()) {
      ping();
      pinged++;
    }

    assertThat(pinged).isGreaterThan(2 * Pings.MISSES);
  }

  @Test
  void shouldNotCountAMissForATimerThatIsLate() {
    ping();
    pass(SECONDS.toNanos(10));

    pings.expire(now);

    assertThat(pings.up()).isTrue();
  }

  @Test
  void shouldBeUpAgainWithAnyFrame() {
    miss();

    pings.heard(now);

    assertThat(pings.up()).isTrue();
  }

  @Test
  void shouldGiveTheNextIdToThePingAfterAMiss() {
    long asking = pings.due();
    long before = ping();
    while (pings.due() < asking + Pings.SILENCE) {
      long repeated = ping();
      assertThat(repeated).isNotEqualTo(before + 1);
      before = repeated;
    }
    long after = ping();
    pings.answered(after, 0, now);
    long fresh = ping();

    assertThat(after).isEqualTo(before + 1);
    assertThat(fresh).isNotEqualTo(after + 1);
  }

  @Test
  void shouldWantAnAnswerWhenTheOtherEndHeardNone() {
    pings.asked(41, now);
    pings.asked(42, now);

    while (pings.up()) {
      pings.heard(now);
      ping();
    }
    pings.heard(now);
    assertThat(pings.up()).isFalse();
    pings.proved(now);

    assertThat(pings.up()).isTrue();
  }

  @Test
  void shouldForgetInSecondsThatANodeWasBusyAtItsStart() {
    long began = now;
    long[] atStart = {300, 250, 180, 120, 60};

    for (int i = 0; now < began + SECONDS.toNanos(6); i++) {
      long id = ping();
      pass((i < atStart.length ? atStart[i] : 1) * MILLI);
      pings.answered(id, 0, now);
    }

    assertThat(pings.roundTrip().micros()).isLessThan(5000);
  }

  @Test
  void shouldLetAPingWaitForAFrameThatCarriesIt() {
    long id = ping();
    pass(MICROSECONDS.toNanos(100));
    long sent = now - MICROSECONDS.toNanos(100);
    pings.answered(id, 0, now);
    long spacing = pings.roundTrip().spacing();

    assertThat(pings.welcome(sent + spacing - 1)).isFalse();
    assertThat(pings.welcome(sent + spacing)).isTrue();
    assertThat(pings.due()).isEqualTo(sent + spacing + spacing / 8);
  }
}
