package dev.weft.rpc;

import io.netty.channel.EventLoop;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import java.util.function.Supplier;

/** An event loop, as Vert.x and as Netty know it. */
public record Loop(Context context, EventLoop netty) {
  /**
   * The loop of a context.
   *
   * @param context an event loop's, not a worker's
   */
  public static Loop of(Context context) {
    return new Loop(context, ((ContextInternal) context).nettyEventLoop());
  }

  /** One of the loops that a Vert.x has, for the caller's use. */
  public static Loop of(Vertx vertx) {
    return of(((VertxInternal) vertx).createEventLoopContext());
  }

  /** The caller's own loop; one of its Vert.x if the caller is not on any. */
  public static Loop current(Vertx vertx) {
    return of(vertx.getOrCreateContext());
  }

  /** A future that completes where the caller is, whichever loop completes the given one. */
  public static <T> Future<T> home(Vertx vertx, Future<T> away) {
    Promise<T> home = ((ContextInternal) vertx.getOrCreateContext()).promise();
    away.onComplete(home);
    return home.future();
  }

  /** Begins work on the loop, which then completes the future that this gives. */
  public <T> Future<T> call(Supplier<Future<T>> work) {
    Promise<T> result = Promise.promise();
    run(() -> work.get().onComplete(result));
    return result.future();
  }

  /** Runs work on the loop, later than this returns even if the caller is on that loop. */
  public void run(Runnable work) {
    context.runOnContext(v -> work.run());
  }
}
