package dev.weft.config;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with a unit: {@code 100ms}, {@code 64KiB}. A number without one is refused. */
final class Quantity {
  private static final Pattern FORM = Pattern.compile("(\\d{1,12})([a-zA-Z]+)");
  private static final Map<String, Long> MILLIS =
      Map.of("ms", 1L, "s", 1000L, "m", 60_000L, "h", 3_600_000L);
  private static final Map<String, Long> BYTES =
      Map.of("B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30);

  private Quantity() {}

  /** {@code ms}, {@code s}, {@code m}, {@code h}. */
  static Optional<Duration> duration(String text) {
    return read(text, MILLIS).map(Duration::ofMillis);
  }

  /** Bytes, from {@code B}, {@code KiB}, {@code MiB}, {@code GiB}. */
  static Optional<Long> bytes(String text) {
    return read(text, BYTES);
  }

  /** As a person writes it, in the largest unit that fits. */
  static String text(Duration duration) {
    return text(duration.toMillis(), MILLIS);
  }

  /** As {@link #text(Duration)}, of bytes. */
  static String text(long bytes) {
    return text(bytes, BYTES);
  }

  private static String text(long number, Map<String, Long> units) {
    Map.Entry<String, Long> unit =
        units.entrySet().stream()
            .filter(u -> number % u.getValue() == 0 && (number > 0 || u.getValue() == 1))
            .max(Map.Entry.comparingByValue())
            .orElseThrow();
    return number / unit.getValue() + unit.getKey();
  }

  private static Optional<Long> read(String text, Map<String, Long> units) {
    Matcher m = FORM.matcher(text);
    if (!m.matches() || !units.containsKey(m.group(2))) {
      return Optional.empty();
    }
    long number = Long.parseLong(m.group(1));
    long unit = units.get(m.group(2));
    // 12 digits of GiB can pass 2^63.
    return number > Long.MAX_VALUE / unit ? Optional.empty() : Optional.of(number * unit);
  }
}
