package dev.weft.cluster;

import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** A table whose keys are {@code <node id>/<key>}: the node alone writes them. */
final class ReplicatedOwnedTable extends ReplicatedTable implements OwnedTable {
  /** A deletion stands this long, so that a late copy of the record cannot bring it back. */
  private static final long TOMBSTONE_SECONDS = 3600;

  private final Predicate<String> live;
  private final Predicate<String> away;
  private final Predicate<String> hosted;

  /** What this run has written, by key; on the cluster thread. */
  private final Map<String, Optional<String>> own = new HashMap<>();

  private long counter;

  /** The node's start count, or more than that of records of its from before its disk was lost. */
  private volatile long epoch;

  /**
   * @param live whether a node is live
   * @param away whether a node was live and is expected back: its records are kept
   * @param hosted whether this node publishes that one's records
   */
  ReplicatedOwnedTable(
      String name,
      TableStore tableStore,
      TableContext context,
      Predicate<String> live,
      Predicate<String> away,
      Predicate<String> hosted) {
    super(name, tableStore, context);
    this.live = live;
    this.away = away;
    this.hosted = hosted;
    this.epoch = context.epoch();
  }

  @Override
  public Future<Void> put(String key, String json) {
    return write(key, json);
  }

  @Override
  public Future<Void> remove(String key) {
    return write(key, null);
  }

  private Future<Void> write(String key, String json) {
    return context
        .thread()
        .call(
            () -> {
              String full = context.self() + "/" + key;
              own.put(full, Optional.ofNullable(json));
              publish(full, json);
              return null;
            });
  }

  private void publish(String full, String json) {
    Envelope envelope = context.sign(name, full, epoch, ++counter, json);
    known.put(full, envelope);
    tableStore.set(full, text(envelope));
    changed(full);
  }

  /**
   * A record of this node's that it did not write since its start, with as high a start count: its
   * disk was lost, and with it the count. Its records of now are to replace those.
   */
  @Override
  void received(Envelope envelope) {
    if (envelope.node().equals(context.self()) && envelope.epoch() >= epoch) {
      epoch = envelope.epoch() + 1;
      context.thread().run(() -> own.forEach((key, json) -> publish(key, json.orElse(null))));
    }
  }

  @Override
  public List<Row> rows() {
    return rows(live);
  }

  @Override
  public List<Row> missed() {
    return rows(node -> !live.test(node) && away.test(node));
  }

  /** Forgets all records of a node. */
  void forget(String node) {
    known.keySet().stream()
        .filter(key -> key.startsWith(node + "/"))
        .forEach(key -> forgetFrom(node, key));
  }

  private List<Row> rows(Predicate<String> shown) {
    return known.values().stream()
        .filter(e -> !e.tombstone() && shown.test(e.node()))
        .map(e -> new Row(e.node(), e.key().substring(e.node().length() + 1), e.body()))
        .toList();
  }

  @Override
  boolean mayWrite(Envelope envelope) {
    return envelope.key().startsWith(envelope.node() + "/");
  }

  @Override
  boolean keeps(Envelope envelope) {
    return hosted.test(envelope.node())
        || (envelope.node().equals(context.self()) && envelope.epoch() == epoch);
  }

  @Override
  boolean forgetsUnverified() {
    return true;
  }

  @Override
  boolean expired(Envelope envelope, long nowSeconds) {
    boolean leftover = envelope.node().equals(context.self()) && envelope.epoch() < epoch;
    boolean expected = live.test(envelope.node()) || away.test(envelope.node());
    boolean gone = envelope.tombstone() || !expected;
    return leftover || (gone && nowSeconds - envelope.at() > TOMBSTONE_SECONDS);
  }

  @Override
  void onOlder(Envelope known) {
    if (keeps(known)) {
      context.thread().run(() -> tableStore.set(known.key(), text(known)));
    }
  }
}
