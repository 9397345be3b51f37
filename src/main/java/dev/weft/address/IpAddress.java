package dev.weft.address;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** IP addresses as text. Only literals: nothing here ever asks a name server. */
public final class IpAddress {
  // Four decimal octets: no "10.1" or octal "010.0.0.1", which other programs read differently.
  private static final Pattern IPV4 =
      Pattern.compile(
          "(0|[1-9]\\d?\\d?)\\.(0|[1-9]\\d?\\d?)\\.(0|[1-9]\\d?\\d?)\\.(0|[1-9]\\d?\\d?)");
  // RFC 4007: a zone names an interface and says nothing about the address.
  private static final Pattern IPV6 =
      Pattern.compile("([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(%[A-Za-z0-9_.-]+)?");

  private IpAddress() {}

  /**
   * An address from its text.
   *
   * @param literal dotted decimal without leading zeros, or RFC 4291 section 2.2
   * @throws IllegalArgumentException for anything else: host names, zones, ports
   */
  public static InetAddress parse(String literal) {
    return find(literal)
        .filter(address -> literal.indexOf('%') < 0)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "address: " + literal + " (expected: an IPv4 or IPv6 address)"));
  }

  /** As {@link #parse}, but a zone may follow ({@code fe80::1%eth0}); empty for anything else. */
  public static Optional<InetAddress> find(String text) {
    Matcher four = IPV4.matcher(text);
    if (four.matches()) {
      byte[] octets = new byte[4];
      for (int i = 0; i < 4; i++) {
        int octet = Integer.parseInt(four.group(i + 1));
        if (octet > 255) {
          return Optional.empty();
        }
        octets[i] = (byte) octet;
      }
      return Optional.of(of(octets));
    }
    Matcher six = IPV6.matcher(text);
    try {
      // In brackets InetAddress takes nothing but a literal, so this asks no name server.
      return six.matches()
          ? Optional.of(InetAddress.getByName("[" + six.group(1) + "]"))
          : Optional.empty();
    } catch (UnknownHostException notAnAddress) {
      return Optional.empty();
    }
  }

  /**
   * The address of these bytes.
   *
   * @throws IllegalArgumentException unless there are 4 or 16
   */
  public static InetAddress of(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "address: " + Arrays.toString(bytes) + " (expected: 4 or 16 bytes)", e);
    }
  }

  public static boolean isLoopback(String text) {
    return find(text).map(InetAddress::isLoopbackAddress).orElse(false);
  }

  public static boolean isWildcard(String text) {
    return find(text).map(InetAddress::isAnyLocalAddress).orElse(false);
  }

  /** The canonical text, RFC 5952 for IPv6, without a zone. */
  public static String format(InetAddress address) {
    if (address instanceof Inet4Address) {
      return address.getHostAddress();
    }
    byte[] bytes = address.getAddress();
    int[] groups = new int[8];
    for (int i = 0; i < 8; i++) {
      groups[i] = (bytes[2 * i] & 0xff) << 8 | (bytes[2 * i + 1] & 0xff);
    }
    int runStart = 0;
    int runLength = 0;
    for (int i = 0; i < 8; i++) {
      int length = 0;
      while (i + length < 8 && groups[i + length] == 0) {
        length++;
      }
      if (length > runLength) {
        runStart = i;
        runLength = length;
      }
    }
    if (runLength < 2) {
      return join(groups, 0, 8);
    }
    return join(groups, 0, runStart) + "::" + join(groups, runStart + runLength, 8);
  }

  private static String join(int[] groups, int from, int to) {
    StringBuilder text = new StringBuilder();
    for (int i = from; i < to; i++) {
      text.append(i == from ? "" : ":").append(Integer.toHexString(groups[i]));
    }
    return text.toString();
  }
}
