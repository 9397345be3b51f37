package dev.weft.mesh.gate;

import dev.weft.address.StreamAddress;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.config.ForwardConfig;
import dev.weft.config.ServiceConfig;
import dev.weft.store.Store;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps exports and forwards that were created by calls over restarts. */
final class GateStore {
  private static final Logger log = LoggerFactory.getLogger(GateStore.class);
  private static final String EXPORTS = "mesh-exports";
  private static final String FORWARDS = "mesh-forwards";

  private record KeptExport(String name, String target, List<String> allow) {}

  private record KeptForward(String listen, String node, String service) {}

  private final Store store;

  GateStore(Store store) {
    this.store = store;
  }

  Future<List<ServiceConfig>> exports() {
    return all(
        EXPORTS,
        json -> {
          KeptExport kept = Json.read(json, KeptExport.class);
          return StreamAddress.target(kept.target())
              .map(target -> new ServiceConfig(kept.name(), target, kept.allow()));
        });
  }

  Future<List<ForwardConfig>> forwards() {
    return all(
        FORWARDS,
        json -> {
          KeptForward kept = Json.read(json, KeptForward.class);
          return StreamAddress.listener(kept.listen())
              .map(listen -> new ForwardConfig(listen, kept.node(), kept.service()));
        });
  }

  private <T> Future<List<T>> all(String table, Function<String, Optional<T>> reader) {
    return store
        .all(table)
        .map(
            rows ->
                rows.entrySet().stream().flatMap(r -> read(table, r, reader).stream()).toList());
  }

  private static <T> Optional<T> read(
      String table, Map.Entry<String, String> row, Function<String, Optional<T>> reader) {
    try {
      return reader.apply(row.getValue());
    } catch (WeftException e) {
      log.warn("{} {} ignored: {}", table, row.getKey(), e.getMessage());
      return Optional.empty();
    }
  }

  Future<Void> put(ServiceConfig export) {
    return store.put(
        EXPORTS,
        export.name(),
        Json.write(new KeptExport(export.name(), export.target().toString(), export.allow())));
  }

  Future<Void> put(ForwardConfig forward) {
    String listen = forward.listen().toString();
    return store.put(
        FORWARDS, listen, Json.write(new KeptForward(listen, forward.node(), forward.service())));
  }

  Future<Void> deleteExport(String name) {
    return store.delete(EXPORTS, name).mapEmpty();
  }

  Future<Void> deleteForward(String listen) {
    return store.delete(FORWARDS, listen).mapEmpty();
  }
}
