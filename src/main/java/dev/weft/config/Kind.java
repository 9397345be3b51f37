package dev.weft.config;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A kind of value.
 *
 * @param expected describes accepted texts in a message
 * @param parser empty for a text that is not accepted
 */
record Kind<T>(String expected, Function<String, Optional<T>> parser) {
  // sockaddr_un.sun_path, unix(7): 108 bytes with the NUL.
  private static final int SOCKET_PATH_BYTES = 107;
  private static final Pattern NAME_FORM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final Pattern INTEGER_FORM = Pattern.compile("-?(0|[1-9]\\d{0,8})");

  /** Names of nodes and clusters: safe in logs, paths and certificates. */
  static final Kind<String> NAME =
      new Kind<>(
          "1 to 63 letters, digits, '.', '_' or '-', a letter or digit first",
          t -> Optional.of(t).filter(name -> NAME_FORM.matcher(name).matches()));

  static final Kind<String> ADDRESS =
      new Kind<>("an IP address", t -> Optional.of(t).filter(a -> IpAddress.find(a).isPresent()));

  /** Where to listen; port 0 is any free one. */
  static final Kind<HostPort> LISTENER =
      new Kind<>(
          "address:port or [address]:port",
          t -> HostPort.parse(t, -1).filter(l -> IpAddress.find(l.host()).isPresent()));

  static final Kind<Integer> PORT = integer(0, 65535);

  static final Kind<Boolean> BOOLEAN =
      new Kind<>(
          "true or false",
          t -> Optional.of(t.equals("true")).filter(value -> value || t.equals("false")));

  static final Kind<Path> PATH = new Kind<>("a path", Kind::parsePath);

  static final Kind<Path> SOCKET_PATH =
      new Kind<>(
          "a path of at most " + SOCKET_PATH_BYTES + " bytes",
          t ->
              parsePath(t)
                  .filter(p -> t.getBytes(StandardCharsets.UTF_8).length <= SOCKET_PATH_BYTES));

  Optional<T> parse(String text) {
    return parser.apply(text);
  }

  /** This kind, or an empty text for no value. */
  Kind<Optional<T>> orNone() {
    return new Kind<>(
        expected + ", or '' for none",
        t -> {
          Optional<T> value = parse(t);
          return t.isEmpty() || value.isPresent() ? Optional.of(value) : Optional.empty();
        });
  }

  /** Whom to dial, by name or address. */
  static Kind<HostPort> peer(int defaultPort) {
    return new Kind<>(
        "host, host:port or [address]:port",
        t -> HostPort.parse(t, defaultPort).filter(peer -> peer.port() > 0 || defaultPort == 0));
  }

  static Kind<Integer> integer(int min, int max) {
    return new Kind<>(
        min + ".." + max,
        t ->
            Optional.of(t)
                .filter(digits -> INTEGER_FORM.matcher(digits).matches())
                .map(Integer::valueOf)
                .filter(n -> n >= min && n <= max));
  }

  /** The constants' names in lower case. */
  static <E extends Enum<E>> Kind<E> choice(Class<E> type) {
    List<E> values = Arrays.asList(type.getEnumConstants());
    return new Kind<>(
        String.join(", ", values.stream().map(Kind::word).toList()),
        t -> values.stream().filter(v -> word(v).equals(t)).findFirst());
  }

  static Kind<Duration> duration(Duration min, Duration max) {
    return new Kind<>(
        "a duration as in 100ms, 5s, 2m or 1h, from %s to %s"
            .formatted(Quantity.text(min), Quantity.text(max)),
        t -> Quantity.duration(t).filter(d -> d.compareTo(min) >= 0 && d.compareTo(max) <= 0));
  }

  /** Bytes. */
  static Kind<Long> size(long min, long max) {
    return new Kind<>(
        "a size as in 64KiB or 8MiB, from %s to %s"
            .formatted(Quantity.text(min), Quantity.text(max)),
        t -> Quantity.bytes(t).filter(n -> n >= min && n <= max));
  }

  private static Optional<Path> parsePath(String text) {
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text));
    } catch (InvalidPathException nulInIt) {
      return Optional.empty();
    }
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
