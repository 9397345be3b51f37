package dev.weft.mesh.link;

import io.netty.channel.EventLoop;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Runs work when a deadline is reached that moves with the work's state. For one event loop. */
public final class Alarm {
  private static final long NEVER = Long.MAX_VALUE;

  private final EventLoop loop;
  private final LongSupplier deadline;
  private final Runnable due;
  private long armedFor = NEVER;
  private ScheduledFuture<?> armed;

  /**
   * @param deadline of {@link System#nanoTime}; {@link Long#MAX_VALUE} for never
   */
  public Alarm(EventLoop loop, LongSupplier deadline, Runnable due) {
    this.loop = loop;
    this.deadline = deadline;
    this.due = due;
  }

  /** Looks at the deadline, which may have moved. A later one is noticed when the alarm fires. */
  public void check() {
    long at = deadline.getAsLong();
    if (at >= armedFor) {
      return;
    }
    stop();
    armedFor = at;
    long wait = Math.max(0, at - System.nanoTime());
    armed = loop.schedule(this::fire, wait, TimeUnit.NANOSECONDS);
  }

  /** Fires no more, unless the deadline is looked at again. */
  public void stop() {
    if (armed != null) {
      armed.cancel(false);
    }
    armedFor = NEVER;
  }

  private void fire() {
    armedFor = NEVER;
    if (System.nanoTime() >= deadline.getAsLong()) {
      due.run();
    }
    check();
  }
}
