package dev.weft.mesh.gate;

import dev.weft.bus.Fact;
import dev.weft.mesh.peer.PeerList;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/** Tells when the services of the mesh change, once a second at most. For the mesh's loop. */
final class ServiceWatch {
  /** Changes that are named. */
  private static final int MOST_NAMED = 5;

  private final LongFunction<Future<PeerList>> lists;
  private final Consumer<Runnable> later;
  private final Consumer<Fact> facts;
  private Map<String, Integer> known = Map.of();

  /**
   * @param lists gives the list that is newer than one of a version, when there is one; failing
   *     ends the watch
   * @param later runs work after a second
   */
  ServiceWatch(
      LongFunction<Future<PeerList>> lists, Consumer<Runnable> later, Consumer<Fact> facts) {
    this.lists = lists;
    this.later = later;
    this.facts = facts;
  }

  void begin() {
    next(0);
  }

  private void next(long seen) {
    lists
        .apply(seen)
        .onSuccess(
            list -> {
              tell(list);
              later.accept(() -> next(list.version()));
            });
  }

  private void tell(PeerList list) {
    Map<String, Integer> now = new TreeMap<>();
    list.peers().forEach(peer -> peer.services().forEach(name -> now.merge(name, 1, Integer::sum)));
    TreeSet<String> names = new TreeSet<>(now.keySet());
    names.addAll(known.keySet());
    List<String> changes = new ArrayList<>();
    for (String name : names) {
      int nodes = now.getOrDefault(name, 0);
      if (nodes != known.getOrDefault(name, 0)) {
        changes.add(
            nodes == 0
                ? name + " gone"
                : name + " at " + nodes + (nodes == 1 ? " node" : " nodes"));
      }
    }
    known = now;
    if (!changes.isEmpty()) {
      int more = changes.size() - MOST_NAMED;
      String named = String.join(", ", changes.subList(0, Math.min(changes.size(), MOST_NAMED)));
      facts.accept(
          new MeshServicesChanged(now.size(), named + (more > 0 ? " and " + more + " more" : "")));
    }
  }
}
