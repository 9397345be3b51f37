package dev.weft.cluster;

import com.hazelcast.map.IMap;
import com.hazelcast.map.listener.EntryAddedListener;
import com.hazelcast.map.listener.EntryUpdatedListener;
import java.util.HashMap;
import java.util.Map;

/** A shared table in a Hazelcast map. */
class HazelcastTableStore implements TableStore {
  final IMap<String, String> map;

  HazelcastTableStore(IMap<String, String> map) {
    this.map = map;
  }

  /** Feeds the rows with every change of the map, on Hazelcast's event thread. */
  final void feed(ReplicatedTable rows) {
    EntryAddedListener<String, String> added = e -> rows.onEntry(e.getKey(), e.getValue());
    EntryUpdatedListener<String, String> updated = e -> rows.onEntry(e.getKey(), e.getValue());
    map.addEntryListener(added, true);
    map.addEntryListener(updated, true);
  }

  @Override
  public Map<String, String> all() {
    Map<String, String> copy = new HashMap<>();
    map.entrySet().forEach(e -> copy.put(e.getKey(), e.getValue()));
    return copy;
  }

  @Override
  public void set(String key, String value) {
    map.set(key, value);
  }

  @Override
  public void delete(String key) {
    map.delete(key);
  }
}
