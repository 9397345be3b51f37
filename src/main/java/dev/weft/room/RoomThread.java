package dev.weft.room;

import dev.weft.bus.WeftException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/**
 * The event loop that a room's state belongs to. The futures that it gives to the room complete on
 * that loop. All failures are {@link WeftException}s, INTERNAL for whatever was thrown
 * unexpectedly.
 */
public final class RoomThread {
  private final Context context;

  /** By key, the last work that was asked for; only the room's event loop touches it. */
  private final Map<Object, Future<?>> last = new HashMap<>();

  /** The thread of the verticle that is being started. */
  public RoomThread(Context context) {
    this.context = context;
  }

  /** Runs a call that came in on another thread; any thread may call. */
  public <T> Future<T> call(Supplier<Future<T>> work) {
    Promise<T> answer = Promise.promise();
    context.runOnContext(v -> begin(work).onComplete(answer));
    return answer.future();
  }

  /** Runs something that nobody waits for; any thread may call. */
  public void run(Runnable work) {
    context.runOnContext(v -> work.run());
  }

  /** Runs what blocks, beside other blocking work. */
  public <T> Future<T> blocking(Callable<T> work) {
    return explained(context.executeBlocking(work, false));
  }

  /** Runs what blocks, after all that was given to this method of this room before. */
  public <T> Future<T> serial(Callable<T> work) {
    return explained(context.executeBlocking(work, true));
  }

  /** A result from another thread, handed over to this one. */
  public <T> Future<T> home(Future<T> away) {
    Promise<T> home = Promise.promise();
    away.onComplete(result -> context.runOnContext(v -> home.handle(result)));
    return explained(home.future());
  }

  /** Begins work on a key once the work that was asked for before it is done, failed or not. */
  public <T> Future<T> inOrder(Object key, Supplier<Future<T>> work) {
    Future<?> before = last.getOrDefault(key, Future.succeededFuture());
    Future<T> turn = before.transform(done -> home(begin(work)));
    last.put(key, turn);
    turn.onComplete(done -> last.remove(key, turn));
    return turn;
  }

  /** The work's future; a failed one for what it throws. */
  static <T> Future<T> begin(Supplier<Future<T>> work) {
    try {
      return explained(work.get());
    } catch (RuntimeException | Error e) {
      // An error too: whoever asked would wait for ever.
      return Future.failedFuture(WeftException.of(e));
    }
  }

  private static <T> Future<T> explained(Future<T> future) {
    return future.recover(e -> Future.failedFuture(WeftException.of(e)));
  }
}
