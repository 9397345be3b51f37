package dev.weft.cluster;

import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Records that each belong to one node; those of nodes that are not live are not shown. */
public interface OwnedTable {
  /**
   * One record.
   *
   * @param node id of the owner
   * @param json the record
   */
  record Row(String node, String key, String json) {
    private static final Logger log = LoggerFactory.getLogger(OwnedTable.class);

    /**
     * The record as an object; empty, and logged, if it cannot be read or names another owner.
     *
     * @param owner the node id in the record
     */
    public <T> Optional<T> read(Class<T> type, Function<T, String> owner) {
      try {
        T read = Json.read(json, type);
        if (node.equals(owner.apply(read))) {
          return Optional.of(read);
        }
        log.warn("{} {} ignored: node {} does not own it", type.getSimpleName(), key, node);
      } catch (WeftException e) {
        log.warn("{} {} of node {} ignored: {}", type.getSimpleName(), key, node, e.getMessage());
      }
      return Optional.empty();
    }
  }

  /** Writes a record of this node's; it is written again by itself after a merge. */
  Future<Void> put(String key, String json);

  Future<Void> remove(String key);

  List<Row> rows();

  /** The records of nodes that are away, as they were when these left. */
  default List<Row> missed() {
    return List.of();
  }

  /** Runs the listener on the caller's context after rows may have changed. */
  void onChange(Runnable listener);
}
