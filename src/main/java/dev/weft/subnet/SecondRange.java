package dev.weft.subnet;

import dev.weft.address.Cidr;
import java.math.BigInteger;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The IPv6 range beside an IPv4 one. A node's part of it and a pod's address in that part have the
 * same numbers as the leased IPv4 ones, so that one lease and one allocation stand for both.
 *
 * @param first the IPv4 range
 * @param cidr at least as large
 */
record SecondRange(SubnetRange first, Cidr cidr) {
  /** What hosts expect of a link's prefix (RFC 4291, section 2.5.4), where there is room for it. */
  private static final int USUAL = 64;

  static Optional<SecondRange> of(SubnetRange first, Optional<Cidr> second) {
    return second.map(cidr -> new SecondRange(first, cidr));
  }

  /** The part beside a part of the IPv4 range; empty for one of a former range. */
  Optional<Cidr> part(Cidr leased) {
    if (!first.cidr().contains(leased)) {
      return Optional.empty();
    }
    int prefix =
        Math.max(USUAL, cidr.prefixLength() + leased.prefixLength() - first.cidr().prefixLength());
    BigInteger number =
        distance(first.cidr().address(), leased.address())
            .shiftRight(leased.bits() - leased.prefixLength());
    return Optional.of(
        new Cidr(SubnetRange.plus(cidr.address(), number.shiftLeft(cidr.bits() - prefix)), prefix));
  }

  /** The address beside one of a part of the IPv4 range, with its part's prefix length. */
  Optional<Cidr> address(Cidr leased, InetAddress address) {
    return part(leased)
        .map(
            beside ->
                new Cidr(
                    SubnetRange.plus(beside.address(), distance(leased.address(), address)),
                    beside.prefixLength()));
  }

  /** A leased part, and the one beside it if there is any. */
  static List<Cidr> both(Cidr leased, Optional<Cidr> second) {
    List<Cidr> parts = new ArrayList<>(List.of(leased));
    second.ifPresent(parts::add);
    return parts;
  }

  private static BigInteger distance(InetAddress from, InetAddress to) {
    return new BigInteger(1, to.getAddress()).subtract(new BigInteger(1, from.getAddress()));
  }
}
