package dev.weft.mesh.stream;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Runs things later, on the mesh's loop; time can be simulated. */
public interface StreamTimers {
  /**
   * Runs a task once.
   *
   * @return makes that not happen, unless it has
   */
  Runnable after(long millis, Runnable task);

  /** The timers of an event loop. */
  static StreamTimers of(EventLoop loop) {
    return (millis, task) -> {
      ScheduledFuture<?> armed = loop.schedule(task, millis, TimeUnit.MILLISECONDS);
      return () -> armed.cancel(false);
    };
  }
}
