package dev.weft.net;

import dev.weft.linux.Link;
import dev.weft.linux.LinkAddress;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * The device that carries a tunnel's packets, and this node's address on it.
 *
 * @param ifindex the device's index
 * @param device the device's name
 * @param mtu of the device, bytes
 * @param address to which the other end sends
 */
public record Underlay(int ifindex, String device, int mtu, InetAddress address) {
  /** Ethernet 14, IPv4 20, UDP 8, VXLAN 8 (RFC 7348, section 4.3). */
  private static final int OVERHEAD_V4 = 50;

  /** The same with IPv6's 40 bytes in place of IPv4's 20. */
  private static final int OVERHEAD_V6 = 70;

  /** Bytes that a VXLAN adds to each packet when it sends from this address. */
  public static int overhead(InetAddress address) {
    return address instanceof Inet4Address ? OVERHEAD_V4 : OVERHEAD_V6;
  }

  /** The largest packet that a VXLAN carries whole, bytes. */
  public int vxlanMtu() {
    // The loopback's MTU is 65536; a device is given at most 65535.
    return Math.min(mtu, 0xffff) - overhead(address);
  }

  /** The given device with its first address of a family, IPv4 or IPv6. */
  public static Optional<Underlay> of(Netlink netlink, String device, boolean four)
      throws LinuxException {
    Optional<Link> link = netlink.link(device);
    if (link.isEmpty()) {
      return Optional.empty();
    }
    for (LinkAddress address : netlink.addresses()) {
      InetAddress own = address.cidr().address();
      if (address.ifindex() == link.get().index()
          && own instanceof Inet4Address == four
          && !own.isLinkLocalAddress()) {
        return Optional.of(of(link.get(), own));
      }
    }
    return Optional.empty();
  }

  /** The device that has an address. */
  public static Optional<Underlay> holding(Netlink netlink, InetAddress own) throws LinuxException {
    for (LinkAddress address : netlink.addresses()) {
      if (address.cidr().address().equals(own)) {
        return netlink.link(address.ifindex()).map(link -> of(link, own));
      }
    }
    return Optional.empty();
  }

  /** The device and the address by which the kernel reaches a remote address. */
  public static Optional<Underlay> towards(Netlink netlink, InetAddress remote)
      throws LinuxException {
    Optional<Route> route = netlink.routeTo(remote);
    if (route.isEmpty() || route.get().source().isEmpty()) {
      return Optional.empty();
    }
    return netlink.link(route.get().ifindex()).map(l -> of(l, route.get().source().get()));
  }

  /** As {@link #towards}, for the first of the addresses that is reached and not on this host. */
  public static Optional<Underlay> towardsFirst(Netlink netlink, List<InetAddress> remotes)
      throws LinuxException {
    for (InetAddress remote : remotes) {
      if (!remote.isLoopbackAddress()) {
        Optional<Underlay> underlay =
            towards(netlink, remote)
                // A route through lo: the remote address is one of this host.
                .filter(u -> !u.address.isLoopbackAddress() && !u.device.equals("lo"));
        if (underlay.isPresent()) {
          return underlay;
        }
      }
    }
    return Optional.empty();
  }

  private static Underlay of(Link link, InetAddress address) {
    return new Underlay(link.index(), link.name(), link.mtu(), address);
  }
}
