package dev.weft.linux;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** IP addresses as text. Only literals: nothing here ever asks a name server. */
public final class IpAddress {
  private static final Pattern IPV4 =
      Pattern.compile(
          "(0|[1-9]\\d{0,2})\\.(0|[1-9]\\d{0,2})\\.(0|[1-9]\\d{0,2})\\.(0|[1-9]\\d{0,2})");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

  private IpAddress() {}

  /**
   * An address from its text.
   *
   * @param literal dotted decimal without leading zeros, or RFC 4291 section 2.2
   * @throws IllegalArgumentException for anything else: host names, zones, ports
   */
  public static InetAddress parse(String literal) {
    Matcher four = IPV4.matcher(literal);
    if (four.matches()) {
      byte[] bytes = new byte[4];
      for (int i = 0; i < 4; i++) {
        int octet = Integer.parseInt(four.group(i + 1));
        if (octet > 255) {
          throw refused(literal, null);
        }
        bytes[i] = (byte) octet;
      }
      return SocketAddresses.address(bytes);
    }
    if (!IPV6.matcher(literal).matches()) {
      throw refused(literal, null);
    }
    try {
      // Text in brackets is never looked up: InetAddress takes it as a literal or refuses it.
      return InetAddress.getByName("[" + literal + "]");
    } catch (UnknownHostException e) {
      throw refused(literal, e);
    }
  }

  private static IllegalArgumentException refused(String literal, Throwable cause) {
    return new IllegalArgumentException(
        "address: " + literal + " (expected: an IPv4 or IPv6 address)", cause);
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
