package dev.weft.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * How a list is made.
 *
 * @param items all items that this node has, in any order
 * @param row gives an item its place
 * @param merge makes one of the rows that two members gave for one key; null for a list that every
 *     member has whole, so that no other member need be asked
 */
record Listing<T>(
    Supplier<Future<List<T>>> items, Function<T, ListRow<T>> row, BinaryOperator<JsonNode> merge) {

  /** A list whose items one member alone has, or two members describe alike. */
  static <T> Listing<T> ofMembers(Supplier<Future<List<T>>> items, Function<T, ListRow<T>> row) {
    return new Listing<>(items, row, (first, second) -> first);
  }

  static <T> Listing<T> common(Supplier<Future<List<T>>> items, Function<T, ListRow<T>> row) {
    return new Listing<>(items, row, null);
  }

  Future<ListRows> rows(String after, int limit) {
    return items.get().map(all -> ListRows.of(all.stream().map(row).toList(), after, limit));
  }
}
