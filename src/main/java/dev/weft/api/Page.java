package dev.weft.api;

import java.util.List;

/**
 * A list as the API gives it.
 *
 * @param unanswered members that were asked and did not answer; empty if none was asked
 */
record Page<T>(List<T> items, List<Unanswered> unanswered) {
  /**
   * @param node id of the member
   */
  record Unanswered(String node, String name, String reason) {}

  static <T> Page<T> of(List<T> items) {
    return new Page<>(items, List.of());
  }
}
