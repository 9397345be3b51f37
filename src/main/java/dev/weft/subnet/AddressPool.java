package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.Set;

/** The host addresses of a node's subnet. */
record AddressPool(Cidr subnet) {
  /** Pods begin here, as container runtimes' tools expect; what is below is used last. */
  private static final int FIRST = 10;

  private static final int GATEWAY = 1;

  /** An IPv6 subnet has more than anyone counts. */
  private static final int MOST = 65_535;

  /** The node's own on the overlay, where other nodes' routes lead. */
  InetAddress router() {
    return subnet.address();
  }

  /** The bridge's, pods' default gateway. */
  InetAddress gateway() {
    return at(GATEWAY);
  }

  /** The lowest free one from .10 up, then from .2. */
  Optional<InetAddress> lowest(Set<InetAddress> used) {
    int last = last();
    return free(used, FIRST, last).or(() -> free(used, GATEWAY + 1, Math.min(FIRST - 1, last)));
  }

  /** How many pods it has room for. */
  int capacity() {
    return last() - GATEWAY;
  }

  /** An address that someone chose, {@code 10.42.1.20} or {@code 10.42.1.20/24}. */
  InetAddress check(String text) {
    String full = text.indexOf('/') < 0 ? text + "/" + subnet.prefixLength() : text;
    Cidr cidr = Prefixes.cidr("address", full);
    BigInteger offset =
        new BigInteger(1, cidr.address().getAddress())
            .subtract(new BigInteger(1, subnet.address().getAddress()));
    boolean isHost =
        subnet.contains(cidr.address())
            && offset.compareTo(BigInteger.valueOf(GATEWAY)) > 0
            && offset.compareTo(BigInteger.valueOf(last())) <= 0;
    if (!isHost || cidr.prefixLength() != subnet.prefixLength()) {
      throw Fault.invalid(
          "address",
          text,
          "auto, or one of "
              + Prefixes.text(at(GATEWAY + 1), subnet.prefixLength())
              + " to "
              + Prefixes.text(at(last()), subnet.prefixLength())
              + ", this node's subnet");
    }
    return cidr.address();
  }

  private int last() {
    boolean four = subnet.address() instanceof Inet4Address;
    int hostBits = (four ? 32 : 128) - subnet.prefixLength();
    // All ones is IPv4's broadcast.
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

  @Override
  public String toString() {
    return subnet + " from " + IpAddress.format(gateway());
  }
}
