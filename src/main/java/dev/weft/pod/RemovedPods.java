package dev.weft.pod;

import dev.weft.bus.Json;
import dev.weft.cluster.OwnedTable;
import dev.weft.room.RoomContext;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Pods that were removed here while another node, which may be away, has an older registration of
 * them: without a note of that they would be there again when it returns. For one thread.
 */
final class RemovedPods {
  /**
   * That a pod was removed.
   *
   * @param node where
   * @param counter all registrations up to this one are over
   * @param at Unix milliseconds
   */
  record Removed(PodRef ref, String node, long counter, long at) {}

  /** As deleted topologies. */
  private static final Duration KEPT = Duration.ofDays(7);

  private static final int MOST = 10_000;
  private static final String TABLE = "pods-removed";

  private final RoomContext room;
  private final OwnedTable table;
  private final Map<PodRef, Removed> mine = new TreeMap<>();

  RemovedPods(RoomContext room) {
    this.room = room;
    this.table = room.cluster().owned(TABLE);
  }

  Future<Void> open() {
    return room.store()
        .all(TABLE)
        .compose(
            rows -> {
              rows.values().stream()
                  .map(json -> Json.read(json, Removed.class))
                  .forEach(removed -> mine.put(removed.ref(), removed));
              return Future.join(
                  mine.values().stream()
                      .map(removed -> table.put(removed.ref().toString(), Json.write(removed)))
                      .toList());
            })
        .mapEmpty();
  }

  void onChange(Runnable listener) {
    table.onChange(listener);
  }

  /** The highest registration of each removed pod that is over, whoever removed it. */
  Map<PodRef, Long> over() {
    Map<PodRef, Long> over = new HashMap<>();
    Stream.concat(
            Stream.of(table.rows(), table.missed())
                .flatMap(List::stream)
                .flatMap(row -> row.read(Removed.class, Removed::node).stream()),
            mine.values().stream())
        .forEach(removed -> over.merge(removed.ref(), removed.counter(), Math::max));
    return over;
  }

  /** Notes it on disk, and for the others. */
  Future<Void> add(PodRef ref, long counter) {
    Removed removed = new Removed(ref, room.self(), counter, room.clock().millis());
    return room.store()
        .put(TABLE, ref.toString(), Json.write(removed))
        .compose(
            v -> {
              mine.put(ref, removed);
              return table.put(ref.toString(), Json.write(removed));
            })
        .compose(v -> dropOld());
  }

  private Future<Void> dropOld() {
    long oldest = room.clock().millis() - KEPT.toMillis();
    List<Removed> newestFirst =
        mine.values().stream().sorted(Comparator.comparingLong(Removed::at).reversed()).toList();
    List<Future<Void>> dropped = new ArrayList<>();
    for (int i = 0; i < newestFirst.size(); i++) {
      if (i >= MOST || newestFirst.get(i).at() < oldest) {
        dropped.add(drop(newestFirst.get(i).ref()));
      }
    }
    return Future.join(dropped).mapEmpty();
  }

  private Future<Void> drop(PodRef ref) {
    mine.remove(ref);
    return room.store().delete(TABLE, ref.toString()).compose(v -> table.remove(ref.toString()));
  }
}
