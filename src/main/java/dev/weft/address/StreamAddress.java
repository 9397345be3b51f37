package dev.weft.address;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where streams of bytes are served: a TCP port or a Unix socket.
 *
 * @param tcp the port; empty for a Unix socket
 * @param path of the Unix socket, absolute; null for a port
 */
public record StreamAddress(Optional<HostPort> tcp, Path path) {
  /** Describes what {@link #target} takes. */
  public static final String TARGETS = "tcp://host:port or unix:PATH";

  /** Describes what {@link #listener} takes. */
  public static final String LISTENERS = "address:port or unix:PATH";

  // sockaddr_un.sun_path, unix(7): 108 bytes with the NUL.
  private static final int PATH_BYTES = 107;
  private static final String TCP = "tcp://";
  private static final String UNIX = "unix:";

  /** A server to dial: {@code tcp://host:port}, {@code host:port} or {@code unix:PATH}. */
  public static Optional<StreamAddress> target(String text) {
    return parse(text, true).filter(to -> to.tcp().map(at -> at.port() > 0).orElse(true));
  }

  /** Where to listen, by address; port 0 is any free one. */
  public static Optional<StreamAddress> listener(String text) {
    return parse(text, false);
  }

  private static Optional<StreamAddress> parse(String text, boolean names) {
    if (text.startsWith(UNIX)) {
      return path(text.substring(UNIX.length()));
    }
    return HostPort.parse(text.startsWith(TCP) ? text.substring(TCP.length()) : text, -1)
        .filter(at -> names || IpAddress.find(at.host()).isPresent())
        .map(StreamAddress::of);
  }

  /** As URLs have it, {@code unix:///run/x.sock} is {@code unix:/run/x.sock}. */
  private static Optional<StreamAddress> path(String text) {
    String path = text.startsWith("//") ? text.substring(2) : text;
    try {
      return path.startsWith("/") && path.getBytes(StandardCharsets.UTF_8).length <= PATH_BYTES
          ? Optional.of(new StreamAddress(Optional.empty(), Path.of(path).normalize()))
          : Optional.empty();
    } catch (InvalidPathException nulInIt) {
      return Optional.empty();
    }
  }

  /** A TCP port. */
  public static StreamAddress of(HostPort at) {
    return new StreamAddress(Optional.of(at), null);
  }

  /** {@code host:port} or {@code unix:PATH}. */
  @Override
  public String toString() {
    return tcp.map(HostPort::toString).orElseGet(() -> UNIX + path);
  }
}
