package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.linux.InterfaceName;
import java.net.InetAddress;

/** Checks prefixes and devices that callers write. */
final class Prefixes {
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
    try {
      return Cidr.parse(text);
    } catch (IllegalArgumentException e) {
      throw Fault.INVALID.because(what + ": " + e.getMessage(), e);
    }
  }

  /** The destination of a route: unicast, and not the default route. */
  static Cidr destination(String text) {
    Cidr cidr = network("destination", text);
    if (cidr.prefixLength() == 0) {
      throw Fault.invalid("destination", text, "a network, not the default route");
    }
    InetAddress first = cidr.address();
    if (first.isLoopbackAddress()
        || first.isMulticastAddress()
        || first.isLinkLocalAddress()
        || first.isAnyLocalAddress()) {
      throw Fault.invalid("destination", text, "unicast addresses that are routed");
    }
    return cidr;
  }

  static String device(String name) {
    try {
      return InterfaceName.check(name);
    } catch (IllegalArgumentException e) {
      throw Fault.INVALID.because(e.getMessage(), e);
    }
  }
}
