package dev.weft.mesh.link.kind;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Lets lines of others into the log, and keeps out the rest of a flood. For one thread. */
final class FloodGate implements Consumer<String> {
  /** Lines a period: more than the boot messages of a host on a line of 115,200 bit/s. */
  static final int MOST = 2000;

  private static final long PERIOD_SECONDS = 10;
  private static final long PERIOD = TimeUnit.SECONDS.toNanos(PERIOD_SECONDS);

  private final Consumer<String> log;
  private final LongSupplier clock;
  private long began;
  private int lines;

  /**
   * @param clock nanoseconds
   */
  FloodGate(Consumer<String> log, LongSupplier clock) {
    this.log = log;
    this.clock = clock;
    this.began = clock.getAsLong();
  }

  @Override
  public void accept(String line) {
    long now = clock.getAsLong();
    if (now - began >= PERIOD) {
      began = now;
      lines = 0;
    }
    if (lines < MOST) {
      lines++;
      log.accept(line);
    } else if (lines == MOST) {
      lines++;
      log.accept(
          "more than %d lines within %d s; the rest of them is left out"
              .formatted(MOST, PERIOD_SECONDS));
    }
  }
}
