package dev.weft.cluster;

import dev.weft.bus.Signer;
import dev.weft.bus.WeftException;
import dev.weft.store.Change;
import dev.weft.store.Store;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A table that every member stores; the highest (counter, node id) wins. */
class ReplicatedCommonTable extends ReplicatedTable implements CommonTable {
  private static final long TOMBSTONE_SECONDS = 7 * 24 * 3600;
  private static final Logger log = LoggerFactory.getLogger(ReplicatedCommonTable.class);

  final Executor thread;
  private final Clock clock;
  private final Store store;

  ReplicatedCommonTable(
      Vertx vertx,
      String name,
      TableStore tableStore,
      Signer signer,
      String self,
      Executor thread,
      Clock clock,
      Store store) {
    super(vertx, name, tableStore, signer, self);
    this.thread = thread;
    this.clock = clock;
    this.store = store;
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
    Promise<List<Envelope>> signed = Promise.promise();
    thread.execute(
        () -> {
          try {
            List<Envelope> envelopes = new ArrayList<>();
            puts.forEach((key, json) -> envelopes.add(next(key, json)));
            removes.stream()
                .filter(key -> known.containsKey(key))
                .forEach(key -> envelopes.add(next(key, null)));
            signed.complete(envelopes);
          } catch (RuntimeException e) {
            signed.fail(WeftException.of(e));
          }
        });
    return signed
        .future()
        .compose(
            envelopes ->
                store
                    .write(
                        envelopes.stream()
                            .<Change>map(e -> new Change.Put(storeTable(), e.key(), text(e)))
                            .toList())
                    .map(envelopes))
        .compose(this::publish);
  }

  private Future<Void> publish(List<Envelope> envelopes) {
    envelopes.forEach(e -> known.merge(e.key(), e, (a, b) -> b.newerThan(a) ? b : a));
    changed();
    // On disk is accepted: what the cluster's table misses now, the next sync brings there.
    thread.execute(() -> envelopes.forEach(e -> tableStore.set(e.key(), text(e))));
    return Future.succeededFuture();
  }

  private Envelope next(String key, String json) {
    Envelope old = known.get(key);
    return next(key, old == null ? 1 : old.counter() + 1, json);
  }

  /** A record of this node's making. */
  final Envelope next(String key, long counter, String json) {
    return Envelope.sign(
        signer, name, key, self, 0, counter, clock.instant().getEpochSecond(), json);
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
  boolean expired(Envelope envelope, long nowSeconds) {
    return envelope.tombstone() && nowSeconds - envelope.at() > TOMBSTONE_SECONDS;
  }

  @Override
  void onOlder(Envelope known) {
    thread.execute(() -> tableStore.set(known.key(), text(known)));
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
