package dev.weft.store;

import dev.weft.bus.WeftException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.sql.SQLException;

/** Work for a transaction, and the future that completes once the work is on disk. */
final class Operation<T> {
  /** May be run again after a roll-back. */
  interface Work<T> {
    T on(Database database) throws SQLException;
  }

  private final Work<T> work;
  private final Promise<T> promise = Promise.promise();
  private final Context caller;
  private T result;

  /** The future completes on the Vert.x context of the calling thread, if it has one. */
  Operation(Work<T> work) {
    this.work = work;
    this.caller = Vertx.currentContext();
  }

  Future<T> future() {
    return promise.future();
  }

  void run(Database database) throws SQLException {
    result = work.on(database);
  }

  void committed() {
    tell(() -> promise.complete(result));
  }

  void failed(WeftException failure) {
    tell(() -> promise.fail(failure));
  }

  private void tell(Runnable outcome) {
    if (caller == null) {
      outcome.run();
    } else {
      caller.runOnContext(now -> outcome.run());
    }
  }
}
