package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import java.math.BigInteger;
import java.net.InetAddress;

/**
 * The cluster's range, cut into one part for each node.
 *
 * @param prefix length of a part, longer than the range's by 1..16
 */
record SubnetRange(Cidr cidr, int prefix) {

  /** How many parts there are. */
  int size() {
    return 1 << (prefix - cidr.prefixLength());
  }

  /**
   * The parts in the order in which they are leased: from the second up, then the first and the
   * last, which some programs do not accept.
   *
   * @param order 0..size-1
   */
  Cidr part(int order) {
    int size = size();
    int index = order == size - 1 ? size - 1 : order == size - 2 ? 0 : order + 1;
    int shift = cidr.bits() - prefix;
    return new Cidr(plus(cidr.address(), BigInteger.valueOf(index).shiftLeft(shift)), prefix);
  }

  /** A node's part from its text; INVALID names what was expected. */
  Cidr check(String text) {
    Cidr part = Prefixes.network("subnet", text);
    if (part.prefixLength() != prefix) {
      throw Fault.invalid(
          "subnet", text, "prefix length " + prefix + ", not " + part.prefixLength());
    }
    if (!cidr.contains(part)) {
      throw Fault.invalid("subnet", text, "a part of the cluster's range " + cidr);
    }
    return part;
  }

  /** Checks an address that a caller chose before there is a subnet; INVALID names the range. */
  void checkAddress(String text) {
    Cidr address = Prefixes.cidr("address", text.indexOf('/') < 0 ? text + "/" + prefix : text);
    if (address.prefixLength() != prefix || !cidr.contains(address.address())) {
      throw Fault.invalid("address", text, "auto, or one of " + cidr + " with /" + prefix);
    }
  }

  /** The address that is {@code places} further. */
  static InetAddress plus(InetAddress address, BigInteger places) {
    byte[] bytes = address.getAddress();
    byte[] sum = new BigInteger(1, bytes).add(places).toByteArray();
    byte[] result = new byte[bytes.length];
    int length = Math.min(sum.length, result.length);
    System.arraycopy(sum, sum.length - length, result, result.length - length, length);
    return IpAddress.of(result);
  }
}
