package dev.weft.cluster;

/** The cluster's copy of a table of leases, changed by compare-and-set. May block. */
interface LeaseStore extends TableStore {
  /** What the key has now, null for nothing. */
  String get(String key);

  /**
   * Replaces what the key had.
   *
   * @param seen what the key had, null for nothing
   * @return false if it has something else by now
   */
  boolean replace(String key, String seen, String value);
}
