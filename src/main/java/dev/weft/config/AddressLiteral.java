package dev.weft.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** IP addresses as text; a name is never looked up. */
final class AddressLiteral {
  // Four decimal octets: no "10.1" or octal "010.0.0.1", which other programs read differently.
  private static final Pattern V4 =
      Pattern.compile(
          "(0|[1-9]\\d?\\d?)\\.(0|[1-9]\\d?\\d?)\\.(0|[1-9]\\d?\\d?)\\.(0|[1-9]\\d?\\d?)");
  // RFC 4007: a zone names an interface and says nothing about the address.
  private static final Pattern V6 =
      Pattern.compile("([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(%[A-Za-z0-9_.-]+)?");

  private AddressLiteral() {}

  static Optional<InetAddress> parse(String text) {
    Matcher v4 = V4.matcher(text);
    Matcher v6 = V6.matcher(text);
    try {
      if (v4.matches()) {
        byte[] octets = new byte[4];
        for (int i = 0; i < 4; i++) {
          int octet = Integer.parseInt(v4.group(i + 1));
          if (octet > 255) {
            return Optional.empty();
          }
          octets[i] = (byte) octet;
        }
        return Optional.of(InetAddress.getByAddress(octets));
      }
      // In brackets InetAddress takes nothing but a literal, so this asks no name service.
      return v6.matches()
          ? Optional.of(InetAddress.getByName("[" + v6.group(1) + "]"))
          : Optional.empty();
    } catch (UnknownHostException notAnAddress) {
      return Optional.empty();
    }
  }

  static boolean isLoopback(String text) {
    return parse(text).map(InetAddress::isLoopbackAddress).orElse(false);
  }

  static boolean isWildcard(String text) {
    return parse(text).map(InetAddress::isAnyLocalAddress).orElse(false);
  }
}
