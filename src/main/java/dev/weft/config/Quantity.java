package dev.weft.config;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with a unit: {@code 100ms}, {@code 64KiB}. A number without one is refused. */
final class Quantity {
  private static final Pattern FORM = Pattern.compile("(\\d{1,12})(ms|s|m|h|B|KiB|MiB|GiB)");

  private Quantity() {}

  /** {@code ms}, {@code s}, {@code m}, {@code h}. */
  static Optional<Duration> duration(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      return Optional.empty();
    }
    long n = Long.parseLong(m.group(1));
    return switch (m.group(2)) {
      case "ms" -> Optional.of(Duration.ofMillis(n));
      case "s" -> Optional.of(Duration.ofSeconds(n));
      case "m" -> Optional.of(Duration.ofMinutes(n));
      case "h" -> Optional.of(Duration.ofHours(n));
      default -> Optional.empty();
    };
  }

  /** Bytes, from {@code B}, {@code KiB}, {@code MiB}, {@code GiB}. */
  static Optional<Long> bytes(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      return Optional.empty();
    }
    long n = Long.parseLong(m.group(1));
    return switch (m.group(2)) {
      case "B" -> Optional.of(n);
      case "KiB" -> Optional.of(n << 10);
      case "MiB" -> Optional.of(n << 20);
      // The only unit with which 12 digits can pass 2^63.
      case "GiB" -> n < 1L << 33 ? Optional.of(n << 30) : Optional.empty();
      default -> Optional.empty();
    };
  }
}
