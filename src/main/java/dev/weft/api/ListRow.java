package dev.weft.api;

import dev.weft.address.Cidr;
import java.util.HexFormat;
import java.util.Optional;

/**
 * An item of a list, with its place.
 *
 * @param key the place: rows are ordered by the UTF-16 code units of their keys, and rows of one
 *     key are one row
 * @param state the answer counts rows by it; null where the items have no state
 * @param other the other member that has the same row; null for none
 */
public record ListRow<T>(String key, String state, String other, T item) {
  /** No name of a pod, service or node contains a character that sorts before it. */
  private static final String SEPARATOR = " ";

  /** A row ordered by the parts, the first part first. */
  static <T> ListRow<T> of(T item, String... parts) {
    return new ListRow<>(String.join(SEPARATOR, parts), null, null, item);
  }

  /** A row ordered by the parts, after all rows that are not well if it is well. */
  static <T> ListRow<T> worstFirst(T item, String state, boolean well, String... parts) {
    return ranked(item, state, well ? 1 : 0, parts);
  }

  /**
   * A row ordered by its rank, then by the parts.
   *
   * @param rank 0..9, the lowest first
   */
  static <T> ListRow<T> ranked(T item, String state, int rank, String... parts) {
    return new ListRow<>(rank + SEPARATOR + String.join(SEPARATOR, parts), state, null, item);
  }

  ListRow<T> heldBy(String node) {
    return new ListRow<>(key, state, node, item);
  }

  <U> ListRow<U> with(U other) {
    return new ListRow<>(key, state, this.other, other);
  }

  /** A number as a part of a key, ordered by value. */
  static String number(long value) {
    return "%019d".formatted(value);
  }

  /** A prefix as a part of a key, ordered by family, address and length. */
  static String prefix(String cidr) {
    Optional<Cidr> known = Cidr.find(cidr);
    return known
        .map(
            c ->
                "%03d.%s.%03d"
                    .formatted(
                        c.bits(),
                        HexFormat.of().formatHex(c.address().getAddress()),
                        c.prefixLength()))
        .orElse(cidr);
  }
}
