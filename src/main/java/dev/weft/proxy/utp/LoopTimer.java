package dev.weft.proxy.utp;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Rings at or before the time that it was set to; early rings are cheaper than to set it anew. */
final class LoopTimer {
  private final EventLoop loop;
  private final LongSupplier clock;
  private final Runnable rings;
  private long at = Long.MAX_VALUE;
  private Optional<Future<?>> set = Optional.empty();

  /**
   * @param clock microseconds
   */
  LoopTimer(EventLoop loop, LongSupplier clock, Runnable rings) {
    this.loop = loop;
    this.clock = clock;
    this.rings = rings;
  }

  /**
   * Rings at this time, or earlier.
   *
   * @param time microseconds, {@link Long#MAX_VALUE} for never
   */
  void set(long time) {
    if (time >= at) {
      return;
    }
    off();
    at = time;
    long delay = Math.max(0, time - clock.getAsLong());
    set = Optional.of(loop.schedule(this::ring, delay, TimeUnit.MICROSECONDS));
  }

  private void ring() {
    at = Long.MAX_VALUE;
    set = Optional.empty();
    rings.run();
  }

  void off() {
    at = Long.MAX_VALUE;
    set.ifPresent(timer -> timer.cancel(false));
    set = Optional.empty();
  }
}
