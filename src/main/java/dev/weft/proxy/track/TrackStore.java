package dev.weft.proxy.track;

import dev.weft.address.HostPort;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Remote;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the connections of one proxy that calls have added. */
public final class TrackStore {
  private static final Logger log = LoggerFactory.getLogger(TrackStore.class);

  private record Kept(String to, String node, boolean nat, String transport, long timeoutMillis) {}

  private final Store store;
  private final String table;

  /**
   * @param side {@code forward} or {@code reverse}
   */
  public TrackStore(Store store, String side) {
    this.store = store;
    this.table = "proxy-connections-" + side;
  }

  Future<List<WantedConnection>> all() {
    return store
        .all(table)
        .map(rows -> rows.entrySet().stream().flatMap(r -> read(r).stream()).toList());
  }

  private Optional<WantedConnection> read(Map.Entry<String, String> row) {
    try {
      Kept kept = Json.read(row.getValue(), Kept.class);
      return HostPort.parse(kept.to(), -1)
          .map(
              at ->
                  new WantedConnection(
                      new Remote(
                          at,
                          Optional.ofNullable(kept.node()).map(NodeId::new),
                          kept.nat(),
                          Duration.ofMillis(kept.timeoutMillis())),
                      kept.transport()));
    } catch (WeftException e) {
      log.warn("{} {} ignored: {}", table, row.getKey(), e.getMessage());
      return Optional.empty();
    }
  }

  Future<Void> put(WantedConnection wanted) {
    Remote remote = wanted.remote();
    String at = remote.at().toString();
    return store.put(
        table,
        at,
        Json.write(
            new Kept(
                at,
                remote.node().map(NodeId::value).orElse(null),
                remote.nat(),
                wanted.transport(),
                remote.timeout().toMillis())));
  }

  Future<Void> delete(HostPort at) {
    return store.delete(table, at.toString()).mapEmpty();
  }
}
