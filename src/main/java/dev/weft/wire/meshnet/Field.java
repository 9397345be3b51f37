package dev.weft.wire.meshnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import java.util.Optional;
import java.util.function.Function;

/** Reads text fields of requests; INVALID names the field. */
final class Field {
  private Field() {}

  static <T> T read(String field, String text, Function<String, T> parse) {
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      throw Fault.INVALID.because(field + ": " + e.getMessage(), e);
    }
  }

  /** An address with its prefix length; none if the field is empty. */
  static Optional<Cidr> address(String field, String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(read(field, text, Cidr::parse));
  }
}
