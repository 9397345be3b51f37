package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.Set;

/** The host addresses of a node's subnet. */
record AddressPool(Cidr subnet) {
  /** The first pod's address, as container runtimes' tools expect; lower ones are used last. */
  private static final int FIRST = 10;

  private static final int GATEWAY = 1;

  /** Addresses that are used of a larger (IPv6) subnet. */
  private static final int MOST = 65_535;

  /** The node's own address on the overlay, to which other nodes' routes lead. */
  InetAddress router() {
    return subnet.address();
  }

  /** The bridge's address, the pods' default gateway. */
  InetAddress gateway() {
    return at(GATEWAY);
  }

  /** The lowest free address from .10 up, then from .2. */
  Optional<InetAddress> lowest(Set<InetAddress> used) {
    int last = last();
    return free(used, FIRST, last).or(() -> free(used, GATEWAY + 1, Math.min(FIRST - 1, last)));
  }

  /** How many pods the subnet has room for. */
  int capacity() {
    return last() - GATEWAY;
  }

  /** Checks an address that a caller chose: {@code 10.42.1.20} or {@code 10.42.1.20/24}. */
  InetAddress check(String text) {
    String full = text.indexOf('/') < 0 ? text + "/" + subnet.prefixLength() : text;
    Cidr cidr = Prefixes.cidr("address", full);
    if (!isPods(cidr.address()) || cidr.prefixLength() != subnet.prefixLength()) {
      throw Fault.invalid(
          "address",
          text,
          "auto, or one of %s to %s, this node's subnet"
              .formatted(
                  new Cidr(at(GATEWAY + 1), subnet.prefixLength()),
                  new Cidr(at(last()), subnet.prefixLength())));
    }
    return cidr.address();
  }

  /**
   * Whether a pod may have the address: it is none of the node's own, nor the broadcast address.
   */
  boolean isPods(InetAddress address) {
    BigInteger offset =
        new BigInteger(1, address.getAddress())
            .subtract(new BigInteger(1, subnet.address().getAddress()));
    return subnet.contains(address)
        && offset.compareTo(BigInteger.valueOf(GATEWAY)) > 0
        && offset.compareTo(BigInteger.valueOf(last())) <= 0;
  }

  private int last() {
    boolean four = subnet.address() instanceof Inet4Address;
    int hostBits = subnet.bits() - subnet.prefixLength();
    // IPv4's address of all ones is the broadcast address.
    return hostBits > 16 ? MOST - 1 : (1 << hostBits) - (four ? 2 : 1);
  }

  private Optional<InetAddress> free(Set<InetAddress> used, int from, int to) {
    for (int i = from; i <= to; i++) {
      InetAddress address = at(i);
      if (!used.contains(address)) {
        return Optional.of(address);
      }
    }
    return Optional.empty();
  }

  private InetAddress at(int offset) {
    return SubnetRange.plus(subnet.address(), BigInteger.valueOf(offset));
  }
}
