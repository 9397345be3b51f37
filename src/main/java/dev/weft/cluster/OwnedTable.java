package dev.weft.cluster;

import io.vertx.core.Future;
import java.util.List;

/** Records that each belong to one node; those of nodes that are not live are not shown. */
public interface OwnedTable {
  /**
   * One record.
   *
   * @param node id of the owner
   * @param json the record
   */
  record Row(String node, String key, String json) {}

  /** Writes a record of this node's; it is written again by itself after a merge. */
  Future<Void> put(String key, String json);

  Future<Void> remove(String key);

  List<Row> rows();

  /** Runs the listener on the caller's context after rows may have changed. */
  void onChange(Runnable listener);
}
