package dev.weft.api;

import dev.weft.telemetry.Health;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which changes of a node's health are worth telling. A warning whose reasons alternate, as when
 * several nodes are asked in turn, is told once with each of them. Safe for all threads.
 */
final class HealthNews {
  /** Reasons of a warning that are remembered; with more of them all are told anew. */
  static final int MAX_REASONS = 16;

  private String state;

  /** By room and code of each warning that stands, the reasons that were told. */
  private final Map<String, Set<String>> told = new HashMap<>();

  /**
   * Begins with a health that needs not be told.
   *
   * @param now as it is
   */
  HealthNews(NodeStatus now) {
    of(now);
  }

  /** The change since the last time; empty if there is none that was not told. */
  synchronized Optional<HealthChanged> of(NodeStatus now) {
    boolean news = !now.state().equals(state);
    state = now.state();
    Set<String> standing = new TreeSet<>();
    for (Health.Warning warning : now.warnings()) {
      String key = warning.room() + "/" + warning.code();
      standing.add(key);
      Set<String> reasons = told.computeIfAbsent(key, k -> new HashSet<>());
      if (!reasons.contains(warning.text())) {
        news = true;
        if (reasons.size() == MAX_REASONS) {
          reasons.clear();
        }
        reasons.add(warning.text());
      }
    }
    news |= told.keySet().retainAll(standing);
    return news ? Optional.of(HealthChanged.of(now)) : Optional.empty();
  }
}
