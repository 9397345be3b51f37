package dev.weft.wire.control;

import dev.weft.bus.Json;
import dev.weft.net.LinkThread.Place;
import dev.weft.pod.Pod;
import dev.weft.store.Store;
import dev.weft.wire.WireSpec;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * In which pods' namespaces links were made that have no end in the node's own, on disk before they
 * are made: a pod may be forgotten before its links are removed. On the room's event loop.
 */
final class MadePlaces {
  private static final String TABLE = "wire-places";

  /** A row of the store. */
  private record Places(List<Place> places) {}

  private final Store store;
  private final Map<String, List<Place>> known = new HashMap<>();

  MadePlaces(Store store) {
    this.store = store;
  }

  Future<Void> load() {
    return store
        .all(TABLE)
        .map(
            rows -> {
              rows.forEach((id, json) -> known.put(id, Json.read(json, Places.class).places()));
              return null;
            });
  }

  static Place of(Pod pod, WireSpec.End end) {
    return new Place(pod.netns(), end.intf());
  }

  /** Links of a wire are about to be made there; done when that is on disk. */
  Future<Void> note(String wire, List<Place> places) {
    if (places.equals(known.get(wire))) {
      return Future.succeededFuture();
    }
    return store
        .put(TABLE, wire, Json.write(new Places(places)))
        .onSuccess(v -> known.put(wire, places))
        .mapEmpty();
  }

  List<Place> of(String wire) {
    return known.getOrDefault(wire, List.of());
  }

  /** The links of a wire are gone. */
  Future<Void> forget(String wire) {
    return known.remove(wire) == null
        ? Future.succeededFuture()
        : store.delete(TABLE, wire).mapEmpty();
  }
}
