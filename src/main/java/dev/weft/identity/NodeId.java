package dev.weft.identity;

import dev.weft.bus.Fault;
import java.security.PublicKey;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A node's id: the first 64 bits of its key's fingerprint.
 *
 * @param value 16 hex digits, lower case
 */
public record NodeId(String value) implements Comparable<NodeId> {
  private static final String DOMAIN = ".weft";
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{16}");

  /**
   * Reads an id.
   *
   * @throws dev.weft.bus.WeftException INVALID for anything but 16 lower case hex digits
   */
  public NodeId {
    if (!FORM.matcher(value).matches()) {
      throw Fault.invalid("node id", value, "16 lower case hex digits");
    }
  }

  /** The id that this key proves. */
  public static NodeId of(PublicKey key) {
    return new NodeId(Fingerprint.of(key).substring(0, 16));
  }

  /** The id in a name of the form {@link #host}; empty for any other name. */
  public static Optional<NodeId> ofHost(String host) {
    if (host == null || !host.endsWith(DOMAIN)) {
      return Optional.empty();
    }
    String id = host.substring(0, host.length() - DOMAIN.length());
    return FORM.matcher(id).matches() ? Optional.of(new NodeId(id)) : Optional.empty();
  }

  /** The id that a number stands for in a frame: 16 hex digits. */
  public static String text(long number) {
    return HexFormat.of().toHexDigits(number);
  }

  /** The id as it stands in a frame, unsigned. */
  public long number() {
    return Long.parseUnsignedLong(value, 16);
  }

  /** {@code <id>.weft}: the name in the node's certificate, and the TLS peer name to dial it by. */
  public String host() {
    return value + DOMAIN;
  }

  @Override
  public int compareTo(NodeId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
