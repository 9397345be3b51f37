package dev.weft.linux;

import dev.weft.address.Cidr;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;

/**
 * A route of the main table.
 *
 * @param kind what the kernel does with a packet
 * @param gateway empty for destinations on the link itself
 * @param ifindex the device; 0 for none, and for several next hops
 * @param protocol who made it, as in /etc/iproute2/rt_protos
 * @param onlink the gateway is on the link, whatever its addresses say
 * @param metric the kernel prefers the lowest; 0 for its default (IPv6: 1024)
 * @param mtu for packets that are sent or forwarded, bytes; 0 for that of the device
 * @param source the address that local packets get; empty for the kernel's choice
 */
public record Route(
    Kind kind,
    Cidr destination,
    Optional<InetAddress> gateway,
    int ifindex,
    int protocol,
    boolean onlink,
    int metric,
    int mtu,
    Optional<InetAddress> source) {
  /** The kernel's RTN_… types (linux/rtnetlink.h), and unicast over several next hops. */
  public enum Kind {
    UNICAST,
    MULTIPATH,
    BLACKHOLE,
    UNREACHABLE,
    PROHIBIT,
    THROW,
    OTHER
  }

  /** The protocol number of Weft's routes, which iproute2's rt_protos gives nobody. */
  public static final int PROTOCOL = 173;

  /** That of Weft's routes once, and of FRRouting's isisd. */
  public static final int FORMER_PROTOCOL = 187;

  /** IP6_RT_PRIO_USER: the metric that the kernel uses for 0. */
  private static final int IPV6_METRIC = 1024;

  /**
   * Checks the destination.
   *
   * @throws IllegalArgumentException if the destination has host bits, as the kernel would say
   */
  public Route {
    if (!destination.isNetwork()) {
      throw new IllegalArgumentException(
          "route: " + destination + " (expected: no host bits, " + destination.network() + ")");
    }
  }

  /** A route of Weft's to destinations on the link itself; equal to the one that a dump returns. */
  public static Route onLink(Cidr destination, int ifindex) {
    return own(destination, Optional.empty(), ifindex);
  }

  /** A route of Weft's through a gateway, which need not be in one of the link's networks. */
  public static Route via(Cidr destination, InetAddress gateway, int ifindex) {
    return own(destination, Optional.of(gateway), ifindex);
  }

  /**
   * The same with another metric.
   *
   * @param other 0 leaves the kernel's default
   */
  public Route withMetric(int other) {
    return other == 0
        ? this
        : new Route(kind, destination, gateway, ifindex, protocol, onlink, other, mtu, source);
  }

  /** The same with another MTU, bytes. */
  public Route withMtu(int other) {
    return new Route(kind, destination, gateway, ifindex, protocol, onlink, metric, other, source);
  }

  private static Route own(Cidr destination, Optional<InetAddress> gateway, int ifindex) {
    int metric = destination.address() instanceof Inet4Address ? 0 : IPV6_METRIC;
    boolean onlink = gateway.isPresent();
    return new Route(
        Kind.UNICAST, destination, gateway, ifindex, PROTOCOL, onlink, metric, 0, Optional.empty());
  }
}
