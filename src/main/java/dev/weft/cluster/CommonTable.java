package dev.weft.cluster;

import io.vertx.core.Future;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;

/** Records without an owner, kept in every member's store. */
public interface CommonTable {
  /** Accepts changes, all or none; done once they are on this node's disk. */
  Future<Void> write(Map<String, String> puts, Set<String> removes);

  SortedMap<String, String> rows();

  /** How often the row was changed as far as this node knows, its removal included; 0 for never. */
  long version(String key);

  /** Runs the listener on the caller's context after rows may have changed. */
  void onChange(Runnable listener);
}
