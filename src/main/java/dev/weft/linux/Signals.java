package dev.weft.linux;

import jnr.constants.platform.Signal;
import jnr.posix.util.SunMiscSignal;

/**
 * Signals to this process, signal(7). The JVM catches each one and hands it to a Java thread;
 * {@link jnr.posix.POSIX#signal} would instead run Java inside the handler, wherever the thread
 * stands that the kernel interrupts.
 */
public final class Signals {
  private Signals() {}

  /** Runs this for every SIGTERM and SIGINT, which then no longer end the process. */
  public static void onTerminate(Runnable task) {
    on(Signal.SIGTERM, task);
    on(Signal.SIGINT, task);
  }

  /** Runs this for every SIGHUP, which then no longer ends the process. */
  public static void onHangup(Runnable task) {
    on(Signal.SIGHUP, task);
  }

  private static void on(Signal signal, Runnable task) {
    SunMiscSignal.signal(signal, number -> task.run());
  }
}
