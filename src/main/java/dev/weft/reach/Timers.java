package dev.weft.reach;

import io.netty.channel.EventLoop;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** The time, and what is to be done later: an event loop's, or a simulation's. */
public interface Timers {
  /** As {@link System#nanoTime}. */
  long nanos();

  /**
   * Does work later.
   *
   * @return cancels it
   */
  Runnable after(long nanos, Runnable work);

  /** Those of an event loop, on which the work is done. */
  static Timers of(EventLoop loop) {
    return new Timers() {
      @Override
      public long nanos() {
        return System.nanoTime();
      }

      @Override
      public Runnable after(long nanos, Runnable work) {
        ScheduledFuture<?> later = loop.schedule(work, nanos, TimeUnit.NANOSECONDS);
        return () -> later.cancel(false);
      }
    };
  }
}
