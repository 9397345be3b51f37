package dev.weft.testkit;

import dev.weft.store.Change;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A store whose disk is memory. */
public final class MemoryStore implements Store {
  private final Map<String, SortedMap<String, String>> tables = new HashMap<>();

  @Override
  public Future<Void> put(String table, String key, String value) {
    rows(table).put(key, value);
    return Future.succeededFuture();
  }

  @Override
  public Future<Boolean> delete(String table, String key) {
    return Future.succeededFuture(rows(table).remove(key) != null);
  }

  @Override
  public Future<Void> write(List<Change> changes) {
    for (Change change : changes) {
      if (change instanceof Change.Put put) {
        rows(put.table()).put(put.key(), put.value());
      } else {
        rows(change.table()).remove(change.key());
      }
    }
    return Future.succeededFuture();
  }

  @Override
  public Future<Optional<String>> get(String table, String key) {
    return Future.succeededFuture(Optional.ofNullable(rows(table).get(key)));
  }

  @Override
  public Future<SortedMap<String, String>> all(String table) {
    return Future.succeededFuture(new TreeMap<>(rows(table)));
  }

  @Override
  public Future<Long> next(String counter) {
    throw new UnsupportedOperationException("nothing counts in these tests");
  }

  @Override
  public Future<Void> close() {
    return Future.succeededFuture();
  }

  private SortedMap<String, String> rows(String table) {
    return tables.computeIfAbsent(table, t -> new TreeMap<>());
  }
}
