package dev.weft.cluster;

import java.util.Map;

/** The cluster's copy of one table, string to string; a Hazelcast map, or a map in tests. */
interface TableStore {
  Map<String, String> all();

  void set(String key, String value);

  void delete(String key);
}
