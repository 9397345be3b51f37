package dev.weft.room;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The event loop that alone uses a room's state. All returned futures complete there. All failures
 * are {@link WeftException}s, INTERNAL for an unexpected one.
 */
public final class RoomThread {
  private final Context context;

  /** The last work of each key; only the room's event loop uses it. */
  private final Map<Object, Future<?>> last = new HashMap<>();

  /**
   * @param context the verticle's
   */
  public RoomThread(Context context) {
    this.context = context;
  }

  /** Runs a caller's work on the room's event loop; any thread may call. */
  public <T> Future<T> call(Supplier<Future<T>> work) {
    Promise<T> answer = Promise.promise();
    context.runOnContext(v -> begin(work).onComplete(answer));
    return answer.future();
  }

  /** Runs work without a result on the room's event loop; any thread may call. */
  public void run(Runnable work) {
    context.runOnContext(v -> work.run());
  }

  /** Runs blocking work on a worker thread, beside other blocking work. */
  public <T> Future<T> blocking(Callable<T> work) {
    return explained(context.executeBlocking(work, false));
  }

  /** Runs blocking work on a worker thread, after all earlier work of this method. */
  public <T> Future<T> serial(Callable<T> work) {
    return explained(context.executeBlocking(work, true));
  }

  /** Brings a result of another thread to the room's event loop. */
  public <T> Future<T> home(Future<T> away) {
    Promise<T> home = Promise.promise();
    away.onComplete(result -> context.runOnContext(v -> home.handle(result)));
    return explained(home.future());
  }

  /** The result of work, or TIMEOUT once its time is over; either on the room's event loop. */
  public <T> Future<T> within(Duration time, Future<T> work) {
    return home(
        work.timeout(time.toMillis(), TimeUnit.MILLISECONDS)
            .recover(
                e ->
                    Future.failedFuture(
                        e instanceof TimeoutException
                            ? Fault.TIMEOUT.because("no answer within " + time.toMillis() + " ms")
                            : e)));
  }

  /** Begins work once all earlier work of the same key has ended, failed or not. */
  public <T> Future<T> inOrder(Object key, Supplier<Future<T>> work) {
    Future<?> before = last.getOrDefault(key, Future.succeededFuture());
    Future<T> turn = before.transform(done -> home(begin(work)));
    last.put(key, turn);
    turn.onComplete(done -> last.remove(key, turn));
    return turn;
  }

  /** Succeeds once all work of that key that was asked for before has ended, failed or not. */
  public Future<Void> after(Object key) {
    return last.getOrDefault(key, Future.succeededFuture())
        .transform(done -> Future.succeededFuture());
  }

  /** Begins work; what it throws becomes a failed future. */
  static <T> Future<T> begin(Supplier<Future<T>> work) {
    try {
      return explained(work.get());
    } catch (RuntimeException | Error e) {
      // Errors too: without an answer the caller would wait for ever.
      return Future.failedFuture(WeftException.of(e));
    }
  }

  private static <T> Future<T> explained(Future<T> future) {
    return future.recover(e -> Future.failedFuture(WeftException.of(e)));
  }
}
