package dev.weft.rpc;

import io.netty.channel.EventLoop;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import java.util.function.Supplier;

/** An event loop, with the handles by which Vert.x and Netty use it. */
public record Loop(Context context, EventLoop netty) {
  /**
   * The loop of a context.
   *
   * @param context of an event loop, not of a worker
   */
  public static Loop of(Context context) {
    return new Loop(context, ((ContextInternal) context).nettyEventLoop());
  }

  /** One of the event loops of a Vert.x; successive calls take turns. */
  public static Loop of(Vertx vertx) {
    return of(((VertxInternal) vertx).createEventLoopContext());
  }

  /** The caller's own loop; any loop of the Vert.x if the caller is not on one. */
  public static Loop current(Vertx vertx) {
    return of(vertx.getOrCreateContext());
  }

  /** A future that completes on the caller's context, whichever loop completes the given one. */
  public static <T> Future<T> home(Vertx vertx, Future<T> away) {
    Promise<T> home = ((ContextInternal) vertx.getOrCreateContext()).promise();
    away.onComplete(home);
    return home.future();
  }

  /** Begins work on the loop; the returned future completes there. */
  public <T> Future<T> call(Supplier<Future<T>> work) {
    Promise<T> result = ((ContextInternal) context).promise();
    run(
        () -> {
          try {
            work.get().onComplete(result);
          } catch (RuntimeException e) {
            result.fail(e);
          }
        });
    return result.future();
  }

  /** Runs work on the loop: now if the caller is on it. */
  public void runHere(Runnable work) {
    if (netty.inEventLoop()) {
      work.run();
    } else {
      netty.execute(work);
    }
  }

  /** Runs work on the loop, later than this returns even if the caller is on that loop. */
  public void run(Runnable work) {
    context.runOnContext(v -> work.run());
  }
}
