package dev.weft.store;

import dev.weft.bus.WeftException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.sql.SQLException;

/** Something to do in a transaction, and whom to tell once it is on disk. */
final class Operation<T> {
  /** May be run again after a roll-back. */
  interface Work<T> {
    T on(Database database) throws SQLException;
  }

  private final Work<T> work;
  private final Promise<T> promise = Promise.promise();
  private final Context caller;
  private T result;

  Operation(Work<T> work, Context caller) {
    this.work = work;
    this.caller = caller;
  }

  Future<T> future() {
    return promise.future();
  }

  void run(Database database) throws SQLException {
    result = work.on(database);
  }

  void committed() {
    caller.runOnContext(now -> promise.complete(result));
  }

  void failed(WeftException failure) {
    caller.runOnContext(now -> promise.fail(failure));
  }
}
