package dev.weft.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BinaryOperator;

/**
 * A part of a list, of one member or of several together. Pure.
 *
 * @param rows by key, each key once
 * @param more whether rows follow
 * @param counts of the whole list, not of this part
 */
public record ListRows(List<ListRow<JsonNode>> rows, boolean more, List<Count> counts) {
  /**
   * Rows of one state.
   *
   * @param state null where the items have none
   * @param other the other member that has these rows; null for none
   */
  public record Count(String state, String other, int rows) {}

  private record Kind(String state, String other) {}

  /**
   * A part of one member's list.
   *
   * @param after the key that the part begins behind; null for the list's beginning
   */
  static <T> ListRows of(Collection<ListRow<T>> all, String after, int limit) {
    TreeMap<String, ListRow<T>> byKey = new TreeMap<>();
    all.forEach(row -> byKey.putIfAbsent(row.key(), row));
    Map<Kind, Integer> counts = new HashMap<>();
    byKey.values().forEach(r -> counts.merge(new Kind(r.state(), r.other()), 1, Integer::sum));
    Collection<ListRow<T>> rest =
        after == null ? byKey.values() : byKey.tailMap(after, false).values();
    return new ListRows(
        // Only the rows of this part become JSON: a list may have tens of thousands.
        rest.stream().limit(limit).map(r -> r.with(json(r.item()))).toList(),
        rest.size() > limit,
        counts.entrySet().stream()
            .map(c -> new Count(c.getKey().state(), c.getKey().other(), c.getValue()))
            .toList());
  }

  private static JsonNode json(Object item) {
    return Json.mapper().valueToTree(item);
  }

  /**
   * The parts that several members gave for the same key and limit, as one. The first rows of all
   * are among the first of each, so no row is left out that comes before the last one given.
   *
   * @param parts by member id
   * @param merge makes one of the rows that two members gave for one key, the lower id's first
   */
  static ListRows merged(
      SortedMap<String, ListRows> parts, BinaryOperator<JsonNode> merge, int limit) {
    TreeMap<String, ListRow<JsonNode>> byKey = new TreeMap<>();
    boolean more = false;
    List<Count> counts = new ArrayList<>();
    for (Map.Entry<String, ListRows> part : parts.entrySet()) {
      for (ListRow<JsonNode> row : part.getValue().rows()) {
        byKey.merge(row.key(), row, (a, b) -> a.with(merge.apply(a.item(), b.item())));
      }
      more |= part.getValue().more();
      // Rows that two members have are counted for the member with the lower id, if it answered.
      part.getValue().counts().stream()
          .filter(c -> c.other() == null || first(part.getKey(), c.other(), parts))
          .forEach(counts::add);
    }
    return new ListRows(
        byKey.values().stream().limit(limit).toList(), more || byKey.size() > limit, counts);
  }

  private static boolean first(String node, String other, Map<String, ListRows> parts) {
    return !parts.containsKey(other) || node.compareTo(other) < 0;
  }

  int total() {
    return counts.stream().mapToInt(Count::rows).sum();
  }

  /** Rows by state; null for a list whose items have none. */
  Map<String, Integer> states() {
    Map<String, Integer> states = new TreeMap<>();
    counts.stream()
        .filter(c -> c.state() != null)
        .forEach(c -> states.merge(c.state(), c.rows(), Integer::sum));
    return states.isEmpty() ? null : states;
  }

  List<JsonNode> items() {
    return rows.stream().map(ListRow::item).toList();
  }

  /** What to ask for next; null at the list's end. */
  String next() {
    return more && !rows.isEmpty() ? rows.get(rows.size() - 1).key() : null;
  }
}
