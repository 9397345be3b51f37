package dev.weft.cluster;

import com.hazelcast.map.IMap;
import dev.weft.bus.Signer;
import dev.weft.bus.WeftException;
import java.util.Optional;

/** A Hazelcast map, changed by compare-and-set alone. */
final class LeaseTableStore extends HazelcastTableStore implements LeaseStore {
  private final String table;
  private final Signer signer;

  LeaseTableStore(IMap<String, String> map, String table, Signer signer) {
    super(map);
    this.table = table;
    this.signer = signer;
  }

  @Override
  public String get(String key) {
    return map.get(key);
  }

  @Override
  public boolean replace(String key, String seen, String value) {
    return seen == null ? map.putIfAbsent(key, value) == null : map.replace(key, seen, value);
  }

  /** The record that the map has, empty for none and for one that is not genuine. */
  private Optional<Envelope> open(String key, String json) {
    try {
      return Optional.ofNullable(json).map(text -> Envelope.open(signer, table, key, text));
    } catch (WeftException forged) {
      return Optional.empty();
    }
  }

  /** Writes a known record back, unless the map has a better one. */
  @Override
  public void set(String key, String value) {
    Optional<Envelope> mine = open(key, value);
    if (mine.isEmpty()) {
      // One signed under a former CA is written back by nobody.
      return;
    }
    String there = map.get(key);
    Optional<Envelope> other = open(key, there);
    if (other.isEmpty() || ReplicatedLeases.wins(mine.get(), other.get())) {
      replace(key, there, value);
    }
  }

  @Override
  public void delete(String key) {
    map.delete(key);
  }
}
