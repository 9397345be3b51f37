package dev.weft.linux;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * A thread for one body that changes its namespace. It never returns to a pool: a thread left in
 * another namespace would do somebody else's work there.
 */
final class NetnsThread {
  /** A body that fails only if the kernel refuses something. */
  interface Body<T> {
    T run() throws LinuxException;
  }

  private NetnsThread() {}

  static <T> T run(String name, Body<T> body) throws LinuxException {
    try {
      return call(name, body::run);
    } catch (LinuxException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The body's result or its own exception. An interrupt reaches the body, then the caller. */
  static <T> T call(String name, Callable<T> body) throws Exception {
    FutureTask<T> task = new FutureTask<>(body);
    Thread thread = new Thread(null, task, "netns-" + name, 0, false);
    thread.start();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
          thread.interrupt();
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw (Error) e.getCause();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
