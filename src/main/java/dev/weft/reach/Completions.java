package dev.weft.reach;

import io.vertx.core.Future;
import io.vertx.core.Promise;

/** Netty's futures as those of Vert.x. */
final class Completions {
  private Completions() {}

  static Future<Void> of(io.netty.util.concurrent.Future<Void> netty) {
    Promise<Void> promise = Promise.promise();
    netty.addListener(
        done -> {
          if (done.isSuccess()) {
            promise.complete();
          } else {
            promise.fail(done.cause());
          }
        });
    return promise.future();
  }
}
