package dev.weft.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class UnsentTest {
  private long now;
  private final List<Integer> limits = new ArrayList<>();
  private final Unsent unsent = new Unsent(() -> now, limits::add);

  /** The connection is full for so long, at a rate. */
  private void busy(double bitsPerSecond, long millis) {
    for (int i = 0; i < millis; i++) {
      unsent.wrote((int) (bitsPerSecond / 8 / 1000));
      now += TimeUnit.MILLISECONDS.toNanos(1);
      unsent.full();
    }
  }

  @Test
  void shouldTakeTwoMillisecondsOfASlowConnection() {
    busy(80e6, 1000);

    assertThat(unsent.bytes()).isBetween(19_000, 24_000);
    assertThat(limits).endsWith(unsent.bytes());
  }

  @Test
  void shouldTakeNoLessThanACallIsWorth() {
    busy(1e6, 1000);

    assertThat(unsent.bytes()).isEqualTo(Unsent.LEAST);
  }

  @Test
  void shouldNotHoldUpAFastConnection() {
    busy(5e9, 1000);

    assertThat(limits).isEmpty();
  }

  @Test
  void shouldTakeMoreAgainWhenTheConnectionIsFaster() {
    busy(10e6, 1000);
    busy(1e9, 1000);

    assertThat(unsent.bytes()).isGreaterThan(Unsent.MOST * 4 / 5);
    assertThat(limits).endsWith(unsent.bytes());
  }

  @Test
  void shouldNotTakeAPauseForASlowConnection() {
    for (int i = 0; i < 100; i++) {
      busy(1e9, 2);
      unsent.flowed();
      now += TimeUnit.SECONDS.toNanos(1);
    }

    assertThat(limits).isEmpty();
  }

  @Test
  void shouldForgetASlowConnectionThatIsNeverFullForLong() {
    busy(10e6, 1000);

    for (int i = 0; i < 2000; i++) {
      unsent.wrote(100_000);
      unsent.full();
      now += TimeUnit.MILLISECONDS.toNanos(1);
      unsent.flowed();
    }

    assertThat(unsent.bytes()).isEqualTo(Unsent.MOST);
  }
}
