package dev.weft.cluster;

import dev.weft.bus.Signer;
import dev.weft.store.Store;
import io.vertx.core.Vertx;
import java.time.Clock;

/**
 * What a node gives to each of its shared tables.
 *
 * @param epoch how often this node has started
 */
record TableContext(
    String self,
    long epoch,
    Vertx vertx,
    Signer signer,
    ClusterThread thread,
    Clock clock,
    Store store,
    IgnoredRecords ignored) {

  TableContext(
      String self,
      long epoch,
      Vertx vertx,
      Signer signer,
      ClusterThread thread,
      Clock clock,
      Store store) {
    this(self, epoch, vertx, signer, thread, clock, store, new IgnoredRecords());
  }

  long nowSeconds() {
    return clock.instant().getEpochSecond();
  }

  /** A record of this node's making. */
  Envelope sign(String table, String key, long epoch, long counter, String json) {
    return Envelope.sign(signer, table, key, self, epoch, counter, nowSeconds(), json);
  }
}
