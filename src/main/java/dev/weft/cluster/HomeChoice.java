package dev.weft.cluster;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** In which order nodes are asked to be the home of an outpost. For one thread. */
final class HomeChoice {
  /** Nodes that are asked in one pass: the others wait for the next one. */
  static final int MOST = 8;

  /** A node that failed to answer is asked after the others for so long. */
  static final Duration MEMORY = Duration.ofSeconds(60);

  /** A node that is no home is not asked again for so long. */
  static final Duration DECLINED = Duration.ofSeconds(15);

  private final String self;
  private final Map<String, Long> failedAt = new HashMap<>();
  private final Map<String, Long> declinedAt = new HashMap<>();

  HomeChoice(String self) {
    this.self = self;
  }

  /**
   * Whom to ask now: first who has not failed, members that are known before others, and the nearer
   * one before the farther.
   *
   * @param reachable ids, nearest first
   * @param member what is known of a node
   */
  List<String> order(
      List<String> reachable, Function<String, Optional<Member>> member, long nowNanos) {
    failedAt.values().removeIf(at -> nowNanos - at > MEMORY.toNanos());
    declinedAt.values().removeIf(at -> nowNanos - at > DECLINED.toNanos());
    return reachable.stream()
        .filter(id -> !id.equals(self) && !declinedAt.containsKey(id))
        .filter(id -> member.apply(id).filter(Member::outpost).isEmpty())
        .sorted(
            Comparator.comparing((String id) -> failedAt.getOrDefault(id, Long.MIN_VALUE))
                .thenComparing(id -> member.apply(id).isEmpty()))
        .limit(MOST)
        .toList();
  }

  void failed(String id, long nowNanos) {
    failedAt.put(id, nowNanos);
  }

  void declined(String id, long nowNanos) {
    declinedAt.put(id, nowNanos);
  }

  /** Why none of these nodes is asked. */
  String whyNobody(List<String> reachable) {
    if (reachable.stream().allMatch(self::equals)) {
      return "no node can be reached";
    }
    return allDeclined(reachable)
        ? "all nodes of the mesh are none"
        : "all nodes of the mesh are none, or outposts themselves";
  }

  /** Whether all these nodes have said that they are no homes. */
  boolean allDeclined(List<String> reachable) {
    return reachable.stream().filter(id -> !id.equals(self)).allMatch(declinedAt::containsKey);
  }
}
