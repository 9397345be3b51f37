package dev.weft.api;

import java.util.List;
import java.util.Map;

/**
 * A part of a list as the API gives it.
 *
 * @param unanswered members that were asked and did not answer; empty if none was asked
 * @param away members that are away, whose rows are not among these; null for none
 * @param next {@code after} of the next part; null at the end
 * @param total rows of the whole list, those of members that did not answer left out; null where
 *     this is no part of a list
 * @param states the total by state; null where the items have none
 */
record Page<T>(
    List<T> items,
    List<Unanswered> unanswered,
    List<Unanswered> away,
    String next,
    Integer total,
    Map<String, Integer> states) {
  /**
   * @param node id of the member
   */
  record Unanswered(String node, String name, String reason) {}

  /** The whole of what was asked for. */
  static <T> Page<T> of(List<T> items) {
    return new Page<>(items, List.of(), null, null, null, null);
  }
}
