package dev.weft.wire.path;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final int SLOTS = 64;
  private static final int SUPER_FRAME = 64 << 10;

  private final Pace pace = new Pace(SLOTS);
  private long now;

  @Test
  void shouldReadAllThereIsWhileNothingSlowsItDown() {
    for (int i = 0; i < 100; i++) {
      pace.sent(now, SLOTS, SLOTS * 1500);
      now += TimeUnit.MICROSECONDS.toNanos(100);
    }

    assertThat(pace.frames()).isEqualTo(SLOTS);
    assertThat(pace.buffer()).isEqualTo(Pace.MOST_BUFFER);
  }

  @Test
  void shouldHoldFiveMillisecondsOfASlowConnection() {
    drainAt(200e6 / 8, SUPER_FRAME);

    // 200 Mbit/s for 5 ms are 125 kB: not two super-frames.
    assertThat(pace.frames()).isEqualTo(1);
    assertThat(pace.buffer()).isEqualTo(Pace.LEAST_BUFFER);
  }

  @Test
  void shouldReadManySmallFramesOfASlowConnection() {
    drainAt(200e6 / 8, 64);

    assertThat(pace.frames()).isEqualTo(SLOTS);
    // 1,953 frames in 5 ms, each of which the kernel charges 768 bytes more than it has.
    assertThat(pace.buffer()).isBetween(1_600_000, 1_650_000);
  }

  @Test
  void shouldGrowWithTheRate() {
    drainAt(4e9 / 8, SUPER_FRAME);

    // 4 Gbit/s for 5 ms are 2.5 MB.
    assertThat(pace.buffer()).isBetween(2_450_000, 2_600_000);
  }

  @Test
  void shouldForgetALimitThatIsGone() {
    drainAt(200e6 / 8, SUPER_FRAME);

    now += TimeUnit.SECONDS.toNanos(2);
    pace.sent(now, 1, SUPER_FRAME);

    assertThat(pace.buffer()).isEqualTo(Pace.MOST_BUFFER);
  }

  @Test
  void shouldLetOtherWiresWaitForNoMoreThanTwoSuperFrames() {
    drainAt(4e9 / 8, SUPER_FRAME);

    assertThat(pace.frames()).isEqualTo(2);
  }

  @Test
  void shouldTakeTheRateOverAllBatchesOfATurn() {
    for (int i = 0; i < 400; i++) {
      // Eight batches of 12.5 kB one right after the other, and then a wait: 25 MB/s.
      pace.sent(now, SLOTS, 12_500);
      now += TimeUnit.MICROSECONDS.toNanos(i % 8 == 7 ? 3993 : 1);
      pace.drained(now);
    }

    // 125 kB, 640 frames of 195 bytes.
    assertThat(pace.buffer()).isBetween(550_000, 700_000);
  }

  @Test
  void shouldCountWhatTheConnectionTookBeforeItWasFull() {
    for (int i = 0; i < 400; i++) {
      // Seven of eight batches of 128 kB flow; after the last one the loop has to wait for 1 ms.
      pace.sent(now, 2, 128_000);
      now += TimeUnit.MICROSECONDS.toNanos(i % 8 == 7 ? 1000 : 1);
      if (i % 8 == 7) {
        pace.drained(now);
      }
    }

    // 1 MB in 1 ms, of which 5 ms are 5 MB; the last batch alone would make 640 kB.
    assertThat(pace.buffer()).isBetween(4_900_000, 5_300_000);
  }

  @Test
  void shouldGiveMoreRoomToAWireThatSendsAllItHas() {
    drainAt(20e6 / 8, 1500);
    int before = pace.buffer();

    for (int i = 0; i < 20; i++) {
      pace.sent(now, 10, 10 * 1500);
      pace.emptied();
      now += TimeUnit.MILLISECONDS.toNanos(5);
      pace.drained(now);
    }

    assertThat(before).isEqualTo(Pace.LEAST_BUFFER);
    assertThat(pace.buffer()).isGreaterThan(8 * Pace.LEAST_BUFFER);
  }

  private void drainAt(double bytesPerSecond, int frameBytes) {
    for (int i = 0; i < 200; i++) {
      int frames = pace.frames();
      int bytes = frames * frameBytes;
      pace.sent(now, frames, bytes);
      now += (long) (bytes / bytesPerSecond * 1e9);
      pace.drained(now);
    }
  }
}
