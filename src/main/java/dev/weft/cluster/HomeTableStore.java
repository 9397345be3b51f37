package dev.weft.cluster;

import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An outpost's copy of one shared table: what its home has shown. Records of the outpost's own go
 * out to the home; those of others are not its to publish. On the cluster thread.
 */
class HomeTableStore implements TableStore {
  final String table;
  final Map<String, String> shown = new ConcurrentHashMap<>();
  private final String self;
  private final Outbox outbox;
  private Optional<ReplicatedTable> rows = Optional.empty();

  HomeTableStore(String table, String self, Outbox outbox) {
    this.table = table;
    this.self = self;
    this.outbox = outbox;
  }

  /** The rows that take what was shown, and what will be. */
  final void feed(ReplicatedTable opened) {
    rows = Optional.of(opened);
    shown.forEach(opened::onEntry);
  }

  /** The home shows a row. */
  final void show(String key, String json) {
    if (shown.size() < ReplicatedTable.MAX_ROWS || shown.containsKey(key)) {
      shown.put(key, json);
      rows.ifPresent(opened -> opened.onEntry(key, json));
    }
  }

  /** Another home shows its rows from the beginning. */
  final void forget() {
    shown.clear();
  }

  @Override
  public final Map<String, String> all() {
    return Map.copyOf(shown);
  }

  @Override
  public final void set(String key, String value) {
    if (isOwn(value)) {
      outbox.put(table, key, value);
    }
  }

  @Override
  public final void delete(String key) {
    String before = shown.remove(key);
    if (before != null && isOwn(before)) {
      outbox.put(table, key, "");
    }
  }

  private boolean isOwn(String json) {
    try {
      return self.equals(Json.read(json, Envelope.class).node());
    } catch (WeftException notARecord) {
      return false;
    }
  }
}
