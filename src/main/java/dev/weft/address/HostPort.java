package dev.weft.address;

import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A host and a port, to listen on or to dial.
 *
 * @param host a name or an address literal, IPv6 without brackets
 * @param port 0..65535
 */
public record HostPort(String host, int port) {
  private static final Pattern BRACKETED = Pattern.compile("\\[([^\\[\\]]+)](?::(\\d{1,5}))?");
  private static final Pattern PLAIN = Pattern.compile("([^\\[\\]:]+)(?::(\\d{1,5}))?");
  private static final Pattern LABEL =
      Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?");

  public HostPort {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port: " + port + " (expected: 0..65535)");
    }
  }

  /** The address and port of a socket; the address is resolved. */
  public static HostPort of(InetSocketAddress socket) {
    return new HostPort(IpAddress.format(socket.getAddress()), socket.getPort());
  }

  /**
   * {@code host}, {@code host:port}, {@code [v6]:port}, {@code [v6]} or a bare IPv6 address.
   *
   * @param defaultPort if the text gives none; negative if it must give one
   * @return empty for anything else
   */
  public static Optional<HostPort> parse(String text, int defaultPort) {
    boolean manyColons = text.indexOf(':') != text.lastIndexOf(':');
    if (manyColons && IpAddress.find(text).isPresent()) {
      return defaultPort < 0 ? Optional.empty() : Optional.of(new HostPort(text, defaultPort));
    }
    Matcher bracketed = BRACKETED.matcher(text);
    boolean isBracketed = bracketed.matches();
    Matcher m = isBracketed ? bracketed : PLAIN.matcher(text);
    if (!isBracketed && !m.matches()) {
      return Optional.empty();
    }
    String host = m.group(1);
    int port = m.group(2) == null ? defaultPort : Integer.parseInt(m.group(2));
    boolean hostFits =
        isBracketed
            ? host.contains(":") && IpAddress.find(host).isPresent()
            : IpAddress.find(host).isPresent() || isName(host);
    return hostFits && port >= 0 && port <= 65535
        ? Optional.of(new HostPort(host, port))
        : Optional.empty();
  }

  /** RFC 1123; a last label of digits alone is a mistyped IPv4 address, not a name. */
  private static boolean isName(String host) {
    if (host.length() > 253) {
      return false;
    }
    String last = "";
    for (String label : host.split("\\.", -1)) {
      if (!LABEL.matcher(label).matches()) {
        return false;
      }
      last = label;
    }
    return !last.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /** The same for all ways to write it: a name in lower case, an address as RFC 5952 has it. */
  public HostPort canonical() {
    return new HostPort(
        IpAddress.find(host).map(IpAddress::format).orElseGet(() -> host.toLowerCase(Locale.ROOT)),
        port);
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
