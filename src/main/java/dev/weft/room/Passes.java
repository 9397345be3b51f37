package dev.weft.room;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.function.Supplier;

/**
 * Runs passes of one kind, one at a time. Callers that ask during a pass share the next one. A pass
 * that failed is repeated after a back-off. For one event loop.
 */
public final class Passes {
  private final Vertx vertx;
  private final Supplier<Future<Void>> pass;
  private final Backoff backoff;
  private Promise<Void> present;
  private Promise<Void> next;
  private boolean stopped;
  private long timer = -1;

  /**
   * @param pass begins on the event loop of the caller; may be repeated at any time
   */
  public Passes(Vertx vertx, Supplier<Future<Void>> pass, Backoff backoff) {
    this.vertx = vertx;
    this.pass = pass;
    this.backoff = backoff;
  }

  /** Asks for a pass; completes with the result of a pass that began after this call. */
  public Future<Void> ask() {
    if (stopped) {
      return Future.succeededFuture();
    }
    if (next == null) {
      next = Promise.promise();
    }
    Future<Void> asked = next.future();
    if (present == null) {
      begin();
    }
    return asked;
  }

  /** Begins no more passes; completes when none is under way. */
  public Future<Void> stop() {
    stopped = true;
    vertx.cancelTimer(timer);
    if (next != null) {
      next.tryComplete();
      next = null;
    }
    return present == null
        ? Future.succeededFuture()
        : present.future().transform(done -> Future.succeededFuture());
  }

  public boolean stopped() {
    return stopped;
  }

  private void begin() {
    vertx.cancelTimer(timer);
    present = next;
    next = null;
    RoomThread.begin(pass).onComplete(done -> onDone(done.cause()));
  }

  private void onDone(Throwable failure) {
    Promise<Void> done = present;
    present = null;
    if (failure == null) {
      backoff.succeeded();
    } else if (!stopped) {
      timer = vertx.setTimer(Math.max(1, backoff.failed().toMillis()), id -> ask());
    }
    if (next != null) {
      begin();
    }
    if (failure == null) {
      done.complete();
    } else {
      done.fail(failure);
    }
  }
}
