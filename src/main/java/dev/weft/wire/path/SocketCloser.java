package dev.weft.wire.path;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Closes packet sockets, for which the kernel lets the caller wait until no CPU uses the socket any
 * more (packet_release, synchronize_net): some 20 ms each, which all that wait at the same time
 * share. So they are closed beside each other, on threads that end when there is nothing to close,
 * and never on an event loop.
 */
final class SocketCloser {
  private static final int THREADS = 32;
  private static final int IDLE_SECONDS = 1;

  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          THREADS,
          THREADS,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          SocketCloser::thread);

  SocketCloser() {
    threads.allowCoreThreadTimeOut(true);
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(null, work, "weft-sockets", 0, false);
    thread.setDaemon(true);
    return thread;
  }

  /** Completes, on one of the threads, when the work is done. */
  Future<Void> run(Runnable close) {
    Promise<Void> closed = Promise.promise();
    threads.execute(
        () -> {
          try {
            close.run();
            closed.complete();
          } catch (RuntimeException e) {
            closed.fail(e);
          }
        });
    return closed.future();
  }
}
