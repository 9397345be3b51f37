package dev.weft.address;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;

/**
 * An address with a prefix length: of a link (host bits kept) or of a network.
 *
 * @param prefixLength bits, 0..32 for IPv4, 0..128 for IPv6
 */
public record Cidr(InetAddress address, int prefixLength) {
  /**
   * Checks the prefix length.
   *
   * @throws IllegalArgumentException if the prefix length does not fit the address
   */
  public Cidr {
    int bits = address.getAddress().length * 8;
    if (prefixLength < 0 || prefixLength > bits) {
      throw new IllegalArgumentException(
          "prefix length: " + prefixLength + " (expected: 0.." + bits + ")");
    }
  }

  /**
   * From its text.
   *
   * @param text {@code ADDRESS/LENGTH}; an address alone is that host ({@code /32}, {@code /128})
   * @throws IllegalArgumentException for anything else, host names too: nothing is looked up
   */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    try {
      if (slash < 0) {
        return host(IpAddress.parse(text));
      }
      String length = text.substring(slash + 1);
      if (!length.matches("0|[1-9]\\d{0,2}")) {
        throw new IllegalArgumentException("prefix length: " + length + " (expected: a number)");
      }
      return new Cidr(IpAddress.parse(text.substring(0, slash)), Integer.parseInt(length));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("cidr: " + text + ": " + e.getMessage(), e);
    }
  }

  /** As {@link #parse} reads it, but with a length; empty for anything else. */
  public static Optional<Cidr> find(String text) {
    try {
      return text.indexOf('/') < 0 ? Optional.empty() : Optional.of(parse(text));
    } catch (IllegalArgumentException notAPrefix) {
      return Optional.empty();
    }
  }

  /** Bits of the address: 32 or 128. */
  public int bits() {
    return address.getAddress().length * 8;
  }

  /** The prefix that contains this address only. */
  public static Cidr host(InetAddress address) {
    return new Cidr(address, address.getAddress().length * 8);
  }

  /** The same prefix with its host bits zero. */
  public Cidr network() {
    byte[] bytes = address.getAddress();
    for (int i = 0; i < bytes.length; i++) {
      int kept = Math.max(0, Math.min(8, prefixLength - 8 * i));
      bytes[i] &= (byte) (0xff << (8 - kept));
    }
    return new Cidr(IpAddress.of(bytes), prefixLength);
  }

  /** Whether no host bits are set. */
  public boolean isNetwork() {
    return equals(network());
  }

  public boolean contains(InetAddress other) {
    return other.getAddress().length == address.getAddress().length
        && Arrays.equals(
            new Cidr(other, prefixLength).network().address.getAddress(),
            network().address.getAddress());
  }

  /** Whether every address of the other one is in this one. */
  public boolean contains(Cidr other) {
    return other.prefixLength >= prefixLength && contains(other.address);
  }

  public boolean overlaps(Cidr other) {
    return contains(other) || other.contains(this);
  }

  /** {@code 10.42.1.0/24}, {@code fd00::/64}. */
  @Override
  public String toString() {
    return IpAddress.format(address) + "/" + prefixLength;
  }
}
