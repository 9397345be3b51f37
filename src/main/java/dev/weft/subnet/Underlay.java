package dev.weft.subnet;

import dev.weft.linux.Address;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * What carries the overlay.
 *
 * @param ifindex the device
 * @param mtu of the device, bytes
 * @param address this node's, which other members send to
 */
record Underlay(int ifindex, int mtu, InetAddress address) {
  /** Ethernet 14, IPv4 20 or IPv6 40, UDP 8, VXLAN 8 (RFC 7348, section 4.3). */
  private static final int OVERHEAD = 50;

  private static final int OVERHEAD_V6 = 70;

  /** Largest packet that the overlay carries whole. */
  int overlayMtu() {
    return mtu - (address instanceof Inet4Address ? OVERHEAD : OVERHEAD_V6);
  }

  /** The given device with the first of its addresses of the members' family. */
  static Optional<Underlay> of(Netlink netlink, String device, boolean four) throws LinuxException {
    Optional<Link> link = netlink.link(device);
    if (link.isEmpty()) {
      return Optional.empty();
    }
    for (Address address : netlink.addresses()) {
      InetAddress own = address.cidr().address();
      if (address.ifindex() == link.get().index()
          && own instanceof Inet4Address == four
          && !own.isLinkLocalAddress()) {
        return Optional.of(new Underlay(link.get().index(), link.get().mtu(), own));
      }
    }
    return Optional.empty();
  }

  /** The device and address by which the kernel reaches the first member that it can reach. */
  static Optional<Underlay> towards(Netlink netlink, List<InetAddress> members)
      throws LinuxException {
    for (InetAddress member : members) {
      Optional<Route> route =
          member.isLoopbackAddress() ? Optional.empty() : netlink.routeTo(member);
      if (route.isPresent() && route.get().source().isPresent() && route.get().ifindex() != 0) {
        Optional<Link> link = netlink.link(route.get().ifindex());
        InetAddress source = route.get().source().get();
        // Through lo: the "member" is an address of this very host.
        if (link.isPresent() && !source.isLoopbackAddress() && !link.get().name().equals("lo")) {
          return Optional.of(new Underlay(link.get().index(), link.get().mtu(), source));
        }
      }
    }
    return Optional.empty();
  }
}
