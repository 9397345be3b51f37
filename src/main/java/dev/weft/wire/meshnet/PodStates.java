package dev.weft.wire.meshnet;

import dev.weft.bus.Json;
import dev.weft.cluster.CommonTable;
import dev.weft.pod.PodRef;
import io.vertx.core.Future;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which pods are alive, and which of them wait for which peers. Each waiting entry is a row of its
 * own, so that two nodes can change one pod's list at the same time.
 */
final class PodStates {
  private final CommonTable table;

  PodStates(CommonTable table) {
    this.table = table;
  }

  Optional<PodState> find(PodRef pod) {
    return Optional.ofNullable(table.rows().get(podKey(pod)))
        .map(json -> Json.read(json, PodState.class));
  }

  AlivePods.Seen seen(PodRef pod) {
    return new AlivePods.Seen(table.version(podKey(pod)), find(pod).stream().toList());
  }

  /** Sets a pod alive. */
  Future<Void> set(PodRef pod, PodState state) {
    return table.write(Map.of(podKey(pod), Json.write(state)), Set.of());
  }

  /**
   * Sets a pod not alive.
   *
   * @param containerId of the container that ended; if the pod is in another container, nothing
   *     changes
   */
  Future<Void> unset(PodRef pod, String containerId) {
    Optional<PodState> state = find(pod);
    boolean isAnothers =
        state.isPresent()
            && !containerId.isEmpty()
            && !state.get().containerId().isEmpty()
            && !state.get().containerId().equals(containerId);
    return state.isEmpty() || isAnothers
        ? Future.succeededFuture()
        : table.write(Map.of(), Set.of(podKey(pod)));
  }

  /** Records, without duplicates, that a pod waits for a peer on a link. */
  Future<Void> skip(PodRef pod, PodRef peer, long uid) {
    String key = skipKey(pod, peer, uid);
    return table.rows().containsKey(key)
        ? Future.succeededFuture()
        : table.write(Map.of(key, "{}"), Set.of());
  }

  /** A pod ends: its living peer waits for the pod from now on, and the pod no longer waits. */
  Future<Void> reverse(PodRef pod, PodRef peer, long uid) {
    return table.write(
        Map.of(skipKey(/* pod= */ peer, /* peer= */ pod, uid), "{}"),
        Set.of(skipKey(pod, peer, uid)));
  }

  /**
   * Whether a peer waits for a pod.
   *
   * @param uid of the link; 0, which the plugin sends if it means any link, matches all
   */
  boolean isSkipped(PodRef pod, PodRef peer, long uid) {
    return uid == 0
        ? table.rows().keySet().stream()
            .anyMatch(key -> key.startsWith("skip/" + peer + "/") && key.endsWith("/" + pod.name()))
        : table.rows().containsKey(skipKey(/* pod= */ peer, /* peer= */ pod, uid));
  }

  private static String podKey(PodRef pod) {
    return "pod/" + pod;
  }

  private static String skipKey(PodRef pod, PodRef peer, long uid) {
    return "skip/" + pod + "/" + uid + "/" + peer.name();
  }
}
