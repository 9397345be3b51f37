package dev.weft.proxy;

import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps what calls have started over restarts; the directory is readable by the node alone. */
final class ProxyStore {
  private static final Logger log = LoggerFactory.getLogger(ProxyStore.class);
  private static final String TABLE = "proxies";

  /** A forward proxy; null stands for what the configuration says. */
  record KeptForward(String host, Integer port, String token, Boolean members) {}

  record KeptReverse(String target, List<String> allow) {}

  private final Store store;

  ProxyStore(Store store) {
    this.store = store;
  }

  Future<Optional<KeptForward>> forward() {
    return store.get(TABLE, "forward").map(json -> read(json, KeptForward.class));
  }

  Future<Optional<KeptReverse>> reverse() {
    return store.get(TABLE, "reverse").map(json -> read(json, KeptReverse.class));
  }

  private static <T> Optional<T> read(Optional<String> json, Class<T> type) {
    try {
      return json.map(text -> Json.read(text, type));
    } catch (WeftException e) {
      log.warn("{} ignored: {}", type.getSimpleName(), e.getMessage());
      return Optional.empty();
    }
  }

  Future<Void> put(KeptForward forward) {
    return store.put(TABLE, "forward", Json.write(forward));
  }

  Future<Void> put(KeptReverse reverse) {
    return store.put(TABLE, "reverse", Json.write(reverse));
  }

  Future<Void> delete(String side) {
    return store.delete(TABLE, side).mapEmpty();
  }
}
