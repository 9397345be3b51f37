package dev.weft.store;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Runs operations on the one thread that owns the database. The thread takes the operations that
 * wait, at most {@link #GROUP} of them or for 2 ms, and commits them together; while one group goes
 * to disk, the next one gathers. The thread never waits for a group to become larger.
 */
final class SqliteStore implements Store {
  private static final int GROUP = 256;
  private static final long GATHERING_NANOS = 2_000_000;

  private final Database database;
  private final BlockingQueue<Operation<?>> waiting = new LinkedBlockingQueue<>();
  // The last operation of the queue, with which the thread ends.
  private final Operation<Void> end;
  private boolean closing;

  SqliteStore(Database database) {
    this.database = database;
    this.end = new Operation<>(db -> null);
    Thread thread = new Thread(this::work, "weft-store");
    // The process may end at any time: what was acknowledged is on disk.
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public Future<Void> put(String table, String key, String value) {
    try {
      return write(List.of(new Change.Put(table, key, value)));
    } catch (WeftException e) {
      return Future.failedFuture(e);
    }
  }

  @Override
  public Future<Boolean> delete(String table, String key) {
    try {
      Change change = new Change.Delete(table, key);
      return submit(db -> db.apply(change));
    } catch (WeftException e) {
      return Future.failedFuture(e);
    }
  }

  @Override
  public Future<Void> write(List<Change> changes) {
    List<Change> all = List.copyOf(changes);
    return submit(
        db -> {
          for (Change change : all) {
            db.apply(change);
          }
          return null;
        });
  }

  @Override
  public Future<Optional<String>> get(String table, String key) {
    return submit(db -> db.get(table, key));
  }

  @Override
  public Future<SortedMap<String, String>> all(String table) {
    return submit(db -> db.all(table));
  }

  @Override
  public Future<Long> next(String counter) {
    return submit(db -> db.next(counter));
  }

  @Override
  public Future<Void> close() {
    synchronized (waiting) {
      if (!closing) {
        closing = true;
        waiting.add(end);
      }
    }
    return end.future();
  }

  private <T> Future<T> submit(Operation.Work<T> work) {
    Operation<T> operation = new Operation<>(work);
    synchronized (waiting) {
      if (closing) {
        return Future.failedFuture(Fault.UNAVAILABLE.because("store: closed"));
      }
      if (waiting.size() >= MAX_WAITING) {
        return Future.failedFuture(
            Fault.EXHAUSTED.because(
                "store: %s operations wait for the disk (expected: fewer than %s)"
                    .formatted(waiting.size(), MAX_WAITING)));
      }
      waiting.add(operation);
    }
    return operation.future();
  }

  private void work() {
    try {
      boolean ended = false;
      while (!ended) {
        ended = commitGroup(waiting.take());
      }
      database.close();
      end.committed();
    } catch (WeftException e) {
      end.failed(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("the store's thread was interrupted (expected: never)", e);
    }
  }

  /** Returns whether the end was reached. */
  private boolean commitGroup(Operation<?> first) {
    List<Operation<?>> group = new ArrayList<>();
    long since = System.nanoTime();
    Operation<?> operation = first;
    try {
      database.begin();
      while (operation != null && operation != end) {
        group.add(operation);
        operation.run(database);
        boolean more = group.size() < GROUP && System.nanoTime() - since < GATHERING_NANOS;
        operation = more ? waiting.poll() : null;
      }
      database.commit();
    } catch (SQLException | RuntimeException e) {
      database.rollBack(e);
      group.forEach(this::commitAlone);
      return operation == end;
    }
    group.forEach(Operation::committed);
    return operation == end;
  }

  /**
   * Commits an operation of a failed group by itself, so that only those that cannot be done fail.
   */
  private void commitAlone(Operation<?> operation) {
    try {
      database.begin();
      operation.run(database);
      database.commit();
    } catch (SQLException | RuntimeException e) {
      database.rollBack(e);
      operation.failed(e instanceof SQLException sql ? database.fault(sql) : WeftException.of(e));
      return;
    }
    operation.committed();
  }
}
