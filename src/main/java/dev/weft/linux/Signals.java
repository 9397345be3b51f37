package dev.weft.linux;

import jnr.constants.platform.Signal;
import jnr.posix.util.SunMiscSignal;

/**
 * Signals to this process, signal(7). The JVM catches each signal and runs the task on a Java
 * thread; {@link jnr.posix.POSIX#signal} would run Java inside the handler, at any point of the
 * thread that the kernel interrupts.
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
