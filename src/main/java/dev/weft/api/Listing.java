package dev.weft.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * How a list is made.
 *
 * @param items all items that this node has, in any order
 * @param away the items of nodes that are away; null where this node does not know them
 * @param row gives an item its place
 * @param merge makes one of the rows that two members gave for one key; null for a list that every
 *     member has whole, so that no other member need be asked
 */
record Listing<T>(
    Supplier<Future<List<T>>> items,
    Supplier<Future<List<T>>> away,
    Function<T, ListRow<T>> row,
    BinaryOperator<JsonNode> merge) {

  /** A list whose items one member alone has, or two members describe alike. */
  static <T> Listing<T> ofMembers(Supplier<Future<List<T>>> items, Function<T, ListRow<T>> row) {
    return ofMembers(items, null, row);
  }

  /** As above, where this node knows the items of those that are away. */
  static <T> Listing<T> ofMembers(
      Supplier<Future<List<T>>> items,
      Supplier<Future<List<T>>> away,
      Function<T, ListRow<T>> row) {
    return new Listing<>(items, away, row, (first, second) -> first);
  }

  static <T> Listing<T> common(Supplier<Future<List<T>>> items, Function<T, ListRow<T>> row) {
    return new Listing<>(items, null, row, null);
  }

  Future<ListRows> rows(String after, int limit) {
    return items.get().map(all -> part(all, after, limit));
  }

  /** As {@link #rows}, of nodes that are away; empty where this node does not know them. */
  Future<Optional<ListRows>> awayRows(String after, int limit) {
    return away == null
        ? Future.succeededFuture(Optional.empty())
        : away.get().map(all -> Optional.of(part(all, after, limit)));
  }

  private ListRows part(List<T> all, String after, int limit) {
    return ListRows.of(all.stream().map(row).toList(), after, limit);
  }
}
