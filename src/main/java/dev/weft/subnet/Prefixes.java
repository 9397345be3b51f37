package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.linux.InterfaceName;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/** Checks prefixes and devices that callers write. */
final class Prefixes {
  /** This network, loopback, link-local, multicast, reserved and broadcast (RFC 6890). */
  private static final List<Cidr> NEVER_ROUTED =
      Stream.of(
              "0.0.0.0/8",
              "127.0.0.0/8",
              "169.254.0.0/16",
              "224.0.0.0/4",
              "240.0.0.0/4",
              "::/127",
              "fe80::/10",
              "ff00::/8")
          .map(Cidr::parse)
          .toList();

  private Prefixes() {}

  /** A prefix without host bits; INVALID names the text and what was expected. */
  static Cidr network(String what, String text) {
    Cidr cidr = cidr(what, text);
    if (!cidr.isNetwork()) {
      throw Fault.invalid(what, text, "no host bits, " + cidr.network());
    }
    return cidr;
  }

  static Cidr cidr(String what, String text) {
    if (text == null || text.isEmpty()) {
      throw Fault.invalid(what, "''", "an address and a prefix length, as in 10.42.2.0/24");
    }
    if (text.indexOf('/') < 0) {
      throw Fault.invalid(what, text, "a prefix length too, as in 10.42.2.0/24");
    }
    return Cidr.find(text)
        .orElseThrow(
            () -> Fault.invalid(what, text, "an address and a prefix length, as in 10.42.2.0/24"));
  }

  /** The destination of a route: unicast, and not the default route. */
  static Cidr destination(String text) {
    Cidr cidr = network("destination", text);
    if (cidr.prefixLength() == 0) {
      throw Fault.invalid("destination", text, "a network, not the default route");
    }
    for (Cidr odd : NEVER_ROUTED) {
      if (odd.overlaps(cidr)) {
        throw Fault.invalid("destination", text, "unicast addresses that are routed, not " + odd);
      }
    }
    return cidr;
  }

  /** The address of a host. */
  static InetAddress host(String what, String text) {
    InetAddress address;
    try {
      address = IpAddress.parse(text);
    } catch (IllegalArgumentException e) {
      throw Fault.invalid(what, text, "an IPv4 or IPv6 address");
    }
    for (Cidr odd : NEVER_ROUTED) {
      if (odd.contains(address)) {
        throw Fault.invalid(what, text, "an address that a host has, not one of " + odd);
      }
    }
    return address;
  }

  static String device(String name) {
    try {
      return InterfaceName.check(name);
    } catch (IllegalArgumentException e) {
      throw Fault.INVALID.because(Fault.printable(e.getMessage()), e);
    }
  }
}
