package dev.weft.cluster;

import dev.weft.bus.Signer;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Predicate;

/** A table whose keys are {@code <node id>/<key>}: the node alone writes them. */
final class ReplicatedOwnedTable extends ReplicatedTable implements OwnedTable {
  /** A deletion stands this long, so that a late copy of the record cannot bring it back. */
  private static final long TOMBSTONE_SECONDS = 3600;

  private final Executor thread;
  private final Clock clock;
  private final long epoch;
  private final Predicate<String> live;
  private long counter;

  ReplicatedOwnedTable(
      Vertx vertx,
      String name,
      TableStore tableStore,
      Signer signer,
      String self,
      Executor thread,
      Clock clock,
      long epoch,
      Predicate<String> live) {
    super(vertx, name, tableStore, signer, self);
    this.thread = thread;
    this.clock = clock;
    this.epoch = epoch;
    this.live = live;
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
    Promise<Void> done = Promise.promise();
    thread.execute(
        () -> {
          try {
            String full = self + "/" + key;
            Envelope envelope =
                Envelope.sign(
                    signer,
                    name,
                    full,
                    self,
                    epoch,
                    ++counter,
                    clock.instant().getEpochSecond(),
                    json);
            known.put(full, envelope);
            tableStore.set(full, text(envelope));
            changed();
            done.complete();
          } catch (RuntimeException e) {
            done.fail(WeftException.of(e));
          }
        });
    return done.future();
  }

  @Override
  public List<Row> rows() {
    return known.values().stream()
        .filter(e -> !e.tombstone() && live.test(e.node()))
        .map(e -> new Row(e.node(), e.key().substring(e.node().length() + 1), e.body()))
        .toList();
  }

  @Override
  boolean mayWrite(Envelope envelope) {
    return envelope.key().startsWith(envelope.node() + "/");
  }

  @Override
  boolean keeps(Envelope envelope) {
    return envelope.node().equals(self) && envelope.epoch() == epoch;
  }

  @Override
  boolean expired(Envelope envelope, long nowSeconds) {
    boolean leftover = envelope.node().equals(self) && envelope.epoch() < epoch;
    boolean gone = envelope.tombstone() || !live.test(envelope.node());
    return leftover || (gone && nowSeconds - envelope.at() > TOMBSTONE_SECONDS);
  }

  @Override
  void onOlder(Envelope known) {
    if (keeps(known)) {
      thread.execute(() -> tableStore.set(known.key(), text(known)));
    }
  }
}
