package dev.weft.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RelayRateTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void shouldAdmitTheRateAndABurst() {
    long perSecond = 10 << 20;
    RelayRate rate = new RelayRate(perSecond, 0);
    long admitted = 0;

    for (long now = 0; now < 10 * SECOND; now += 20_000) {
      if (rate.admits(1400, now)) {
        admitted += 1400;
      }
    }

    assertThat(admitted).isBetween(10 * perSecond - 1400, 10 * perSecond + perSecond / 20 + 1400);
  }

  @Test
  void shouldAdmitAllWithoutALimit() {
    RelayRate rate = new RelayRate(0, 0);

    for (int i = 0; i < 1000; i++) {
      assertThat(rate.admits(1400, 0)).isTrue();
    }
  }

  @Test
  void shouldAdmitAFrameAtTheLowestRate() {
    RelayRate rate = new RelayRate(1, 0);

    assertThat(rate.admits(1400, 0)).isTrue();
  }
}
