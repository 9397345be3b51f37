package dev.weft.proxy.forward;

import dev.weft.address.HostPort;
import dev.weft.identity.NodeId;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a client asks for: {@code CONNECT host:port}, in HTTP/1.0 or 1.1 (RFC 9110 section 9.3.6).
 *
 * @param to in its canonical form; port 80 where none was given
 * @param node the id that the other node must prove, from {@code ?nodeId=}
 * @param token from Proxy-Authorization; empty if there is none that can be read
 */
record ConnectRequest(HostPort to, Optional<NodeId> node, Optional<String> token) {
  private static final int DEFAULT_PORT = 80;
  private static final int SHOWN = 80;

  /** RFC 9110 section 5.6.2. */
  private static final String NAME = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

  private static final Pattern LINE =
      Pattern.compile("(" + NAME + ") ([\\x21-\\x7e]+) (HTTP/\\d\\.\\d)");
  private static final Pattern FIELD =
      Pattern.compile("(" + NAME + "):([\\t\\x20-\\x7e\\x80-\\xff]*)");
  private static final Pattern TARGET = Pattern.compile("([^/?#]+)(?:/?\\?nodeId=([0-9a-f]{16}))?");
  private static final Pattern CREDENTIALS = Pattern.compile("(?i)(basic|bearer) +(\\S+)");

  /**
   * Reads a head.
   *
   * @param head with the ends of its lines
   * @throws ConnectRefused 400 with the value and what was expected, or 405
   */
  static ConnectRequest parse(String head) {
    List<String> lines = head.lines().filter(line -> !line.isEmpty()).toList();
    Matcher line = LINE.matcher(lines.get(0));
    if (!line.matches()) {
      throw bad("request line", lines.get(0), "CONNECT host:port HTTP/1.1");
    }
    if (!line.group(3).startsWith("HTTP/1.")) {
      throw bad("version", line.group(3), "HTTP/1.0 or HTTP/1.1");
    }
    if (!line.group(1).equals("CONNECT")) {
      throw ConnectStatus.METHOD_NOT_ALLOWED.because(
          "method: " + shown(line.group(1)) + " (expected: CONNECT)");
    }
    Optional<String> credentials = Optional.empty();
    for (String field : lines.subList(1, lines.size())) {
      Matcher m = FIELD.matcher(field);
      if (!m.matches()) {
        throw bad("header field", field, "name: value");
      }
      if (m.group(1).equalsIgnoreCase("Proxy-Authorization")) {
        if (credentials.isPresent()) {
          throw ConnectStatus.BAD_REQUEST.because(
              "Proxy-Authorization: given twice (expected: once)");
        }
        credentials = Optional.of(m.group(2).strip());
      }
    }
    Matcher target = TARGET.matcher(line.group(2));
    if (!target.matches()) {
      throw badTarget(line.group(2));
    }
    return new ConnectRequest(
        address(target.group(1), line.group(2)),
        Optional.ofNullable(target.group(2)).map(NodeId::new),
        credentials.flatMap(ConnectRequest::token));
  }

  /** IPv6 addresses stand in brackets alone: without them their last group may be a port. */
  private static HostPort address(String text, String whole) {
    boolean bare = !text.startsWith("[") && text.indexOf(':') != text.lastIndexOf(':');
    return HostPort.parse(text, DEFAULT_PORT)
        .filter(at -> at.port() > 0 && !bare)
        .map(HostPort::canonical)
        .orElseThrow(() -> badTarget(whole));
  }

  /** A token stands alone, or as a user without password; libraries send either. */
  private static Optional<String> token(String credentials) {
    Matcher m = CREDENTIALS.matcher(credentials);
    if (!m.matches()) {
      return Optional.empty();
    }
    if (m.group(1).toLowerCase(Locale.ROOT).equals("bearer")) {
      return Optional.of(m.group(2));
    }
    try {
      String user = new String(Base64.getDecoder().decode(m.group(2)), StandardCharsets.ISO_8859_1);
      return Optional.of(user.endsWith(":") ? user.substring(0, user.length() - 1) : user);
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
  }

  private static ConnectRefused badTarget(String target) {
    return bad(
        "target",
        target,
        "host:port or [address]:port, and maybe ?nodeId= with 16 lower case hex digits");
  }

  private static ConnectRefused bad(String what, String value, String expected) {
    return ConnectStatus.BAD_REQUEST.because(
        what + ": " + shown(value) + " (expected: " + expected + ")");
  }

  /** On one line, and not too long. */
  private static String shown(String value) {
    String printable = value.replaceAll("[^\\x20-\\x7e]", "?");
    return printable.length() <= SHOWN ? printable : printable.substring(0, SHOWN) + "...";
  }
}
