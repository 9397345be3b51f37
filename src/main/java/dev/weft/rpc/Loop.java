package dev.weft.rpc;

import io.netty.channel.EventLoop;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;

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

  /** Runs something on the loop, also at once if the caller is on it. */
  public void run(Runnable work) {
    context.runOnContext(v -> work.run());
  }
}
