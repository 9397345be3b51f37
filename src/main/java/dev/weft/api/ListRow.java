package dev.weft.api;

import dev.weft.address.Cidr;
import java.util.HexFormat;
import java.util.Optional;

/**
 * An item of a list, with its place.
 *
 * @param key where it stands: rows are ordered by their keys' code units, and rows of one key are
 *     one row
 * @param state what the list's answer counts by; null where the items have no state
 * @param other the member that holds the same row too; null for none
 */
public record ListRow<T>(String key, String state, String other, T item) {
  /** No name of a pod, service or node contains a character below it. */
  private static final String SEPARATOR = " ";

  /** In the order of the parts. */
  static <T> ListRow<T> of(T item, String... parts) {
    return new ListRow<>(String.join(SEPARATOR, parts), null, null, item);
  }

  /** What is not well comes first, then in the order of the parts. */
  static <T> ListRow<T> worstFirst(T item, String state, boolean well, String... parts) {
    String key = (well ? "1" : "0") + SEPARATOR + String.join(SEPARATOR, parts);
    return new ListRow<>(key, state, null, item);
  }

  ListRow<T> heldBy(String node) {
    return new ListRow<>(key, state, node, item);
  }

  <U> ListRow<U> with(U other) {
    return new ListRow<>(key, state, this.other, other);
  }

  /** A part of a key: numbers in their order. */
  static String number(long value) {
    return "%019d".formatted(value);
  }

  /** A part of a key: prefixes by family, address and length. */
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
