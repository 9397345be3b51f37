package dev.weft.store;

import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * A durable map of JSON texts. Every future completes once its operation is on disk, on the Vert.x
 * context of its caller. Operations take effect in the order of the calls.
 *
 * <p>Failures: INVALID for a key or value too long, EXHAUSTED when too many operations wait,
 * UNAVAILABLE when the disk is full or the store is closed, INTERNAL for a failing disk. A failed
 * operation changes nothing and stops no other.
 */
public interface Store {
  /** Operations that may wait for the disk. */
  int MAX_WAITING = 8192;

  /**
   * Opens {@code weft.db} in the directory, or creates it. Blocks.
   *
   * @throws WeftException INTERNAL if the file is damaged, which is then not changed; PRECONDITION
   *     if a newer Weft wrote it
   */
  static Store open(DataDirectory directory) {
    return new SqliteStore(Database.open(directory.path().resolve("weft.db")));
  }

  Future<Void> put(String table, String key, String value);

  /** Deletes a key; true if it existed. */
  Future<Boolean> delete(String table, String key);

  /** All changes or none, in this order. */
  Future<Void> write(List<Change> changes);

  Future<Optional<String>> get(String table, String key);

  /** A table's keys and values; an unknown table is empty. */
  Future<SortedMap<String, String>> all(String table);

  /** Adds one to a counter and returns the new value; from 1, never the same twice. */
  Future<Long> next(String counter);

  /** Completes the operations that wait, then closes the file; later calls fail. */
  Future<Void> close();
}
