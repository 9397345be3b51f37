package dev.weft.cluster;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread of the cluster room; on one of them everything runs that may block on Hazelcast. */
final class ClusterThread {
  private static final Logger log = LoggerFactory.getLogger(ClusterThread.class);

  private final ScheduledExecutorService executor;

  ClusterThread() {
    this("weft-cluster");
  }

  ClusterThread(String name) {
    executor =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, name);
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * The result of work on this thread; what it throws fails the future, which completes on the
   * caller's context, if it has one: what follows changes the caller's state.
   */
  <T> Future<T> call(Callable<T> work) {
    Context caller = Vertx.currentContext();
    Promise<T> result = Promise.promise();
    try {
      executor.execute(
          () -> {
            Future<T> outcome = outcome(work);
            if (caller == null) {
              outcome.onComplete(result);
            } else {
              caller.runOnContext(now -> outcome.onComplete(result));
            }
          });
    } catch (RejectedExecutionException e) {
      result.fail(Fault.UNAVAILABLE.because("this node leaves the cluster"));
    }
    return result.future();
  }

  private static <T> Future<T> outcome(Callable<T> work) {
    try {
      return Future.succeededFuture(work.call());
    } catch (Exception | Error e) {
      // Errors too: otherwise the caller would wait for ever.
      return Future.failedFuture(WeftException.of(e));
    }
  }

  /** Runs work that nobody waits for; none begins once the node closes. */
  void run(Runnable work) {
    try {
      executor.execute(() -> attempt(work));
    } catch (RejectedExecutionException e) {
      log.debug("an event of the cluster is ignored: this node leaves the cluster");
    }
  }

  void every(Duration time, Runnable work) {
    // Repeated until the thread stops: attempt() lets nothing through that would end it.
    ScheduledFuture<?> unused =
        executor.scheduleWithFixedDelay(
            () -> attempt(work), time.toMillis(), time.toMillis(), TimeUnit.MILLISECONDS);
  }

  void after(Duration time, Runnable work) {
    try {
      ScheduledFuture<?> unused =
          executor.schedule(() -> attempt(work), time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      log.debug("work for later is dropped: this node leaves the cluster");
    }
  }

  void stop() {
    executor.shutdownNow();
  }

  private static void attempt(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      // The next pass tries again; a closing or merging Hazelcast refuses calls for a while.
      log.warn("cluster not synchronised: {}", e.toString());
    }
  }
}
