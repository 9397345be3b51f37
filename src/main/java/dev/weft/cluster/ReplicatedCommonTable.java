package dev.weft.cluster;

import dev.weft.store.Change;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A table that every member stores; the highest (counter, node id) wins. */
class ReplicatedCommonTable extends ReplicatedTable implements CommonTable {
  private static final long TOMBSTONE_SECONDS = 7 * 24 * 3600;
  private static final Logger log = LoggerFactory.getLogger(ReplicatedCommonTable.class);

  private final Store store;

  /** Counters of writes that are not on disk yet, by key; only the cluster thread uses it. */
  private final Map<String, Long> given = new HashMap<>();

  ReplicatedCommonTable(String name, TableStore tableStore, TableContext context) {
    super(name, tableStore, context);
    this.store = context.store();
  }

  /** Takes what this node stored before. */
  Future<Void> load() {
    return store
        .all(storeTable())
        .map(
            rows -> {
              rows.forEach(this::onEntry);
              return null;
            });
  }

  @Override
  public Future<Void> write(Map<String, String> puts, Set<String> removes) {
    return context
        .thread()
        .call(
            () -> {
              List<Envelope> envelopes = new ArrayList<>();
              puts.forEach((key, json) -> envelopes.add(next(key, json)));
              removes.stream()
                  .filter(key -> known.containsKey(key) || given.containsKey(key))
                  .forEach(key -> envelopes.add(next(key, null)));
              return envelopes;
            })
        .compose(
            envelopes ->
                store
                    .write(
                        envelopes.stream()
                            .<Change>map(e -> new Change.Put(storeTable(), e.key(), text(e)))
                            .toList())
                    .onSuccess(v -> publish(envelopes))
                    .onComplete(done -> context.thread().run(() -> forgetGiven(envelopes))));
  }

  private void publish(List<Envelope> envelopes) {
    for (Envelope e : envelopes) {
      known.merge(e.key(), e, (a, b) -> b.newerThan(a) ? b : a);
      changed(e.key());
    }
    // On disk is accepted: what the cluster's table misses now, the next sync brings there.
    context.thread().run(() -> envelopes.forEach(e -> tableStore.set(e.key(), text(e))));
  }

  private void forgetGiven(List<Envelope> envelopes) {
    envelopes.forEach(e -> given.remove(e.key(), e.counter()));
  }

  private Envelope next(String key, String json) {
    long counter = Math.max(version(key), given.getOrDefault(key, 0L)) + 1;
    given.put(key, counter);
    return context.sign(name, key, 0, counter, json);
  }

  @Override
  public SortedMap<String, String> rows() {
    SortedMap<String, String> rows = new TreeMap<>();
    known.forEach(
        (key, e) -> {
          if (!e.tombstone()) {
            rows.put(key, e.body());
          }
        });
    return rows;
  }

  @Override
  public long version(String key) {
    Envelope last = known.get(key);
    return last == null ? 0 : last.counter();
  }

  @Override
  boolean mayWrite(Envelope envelope) {
    return true;
  }

  @Override
  boolean keeps(Envelope envelope) {
    return true;
  }

  @Override
  boolean forgetsUnverified() {
    return false;
  }

  @Override
  boolean expired(Envelope envelope, long nowSeconds) {
    return envelope.tombstone() && nowSeconds - envelope.at() > TOMBSTONE_SECONDS;
  }

  @Override
  void onOlder(Envelope known) {
    context.thread().run(() -> tableStore.set(known.key(), text(known)));
  }

  /** Done once it is on this node's disk. */
  final Future<Void> keep(Envelope envelope) {
    return store.put(storeTable(), envelope.key(), text(envelope));
  }

  @Override
  void accepted(Envelope envelope) {
    keep(envelope)
        .onFailure(e -> log.warn("{}/{} not stored: {}", name, envelope.key(), e.getMessage()));
  }

  @Override
  void forgotten(String key) {
    store
        .delete(storeTable(), key)
        .onFailure(e -> log.warn("{}/{} not deleted: {}", name, key, e.getMessage()));
  }

  private String storeTable() {
    return "common/" + name;
  }
}
