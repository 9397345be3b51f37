package dev.weft.wire.meshnet;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.config.GrpcConfig;
import dev.weft.linux.Link;
import dev.weft.linux.LinkAddress;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import java.net.InetAddress;
import java.util.Optional;

/**
 * The address by which daemons of other nodes know this one.
 *
 * @param intf the interface that has it; empty if none has
 */
record NodeAddress(String ip, String intf) {
  /** For documentation (RFC 5737): what the default route would be used for. */
  private static final String ELSEWHERE = "192.0.2.1";

  /** The address of {@code grpc.meshnet}, or the default route's source. Blocks. */
  static NodeAddress find(GrpcConfig config) throws LinuxException {
    try (Netlink netlink = Netlink.open()) {
      Optional<InetAddress> address =
          config
              .meshnet()
              .map(HostPort::host)
              .map(IpAddress::parse)
              .filter(a -> !a.isAnyLocalAddress())
              .or(() -> source(netlink));
      if (address.isEmpty()) {
        return new NodeAddress("", "");
      }
      String intf = "";
      for (LinkAddress of : netlink.addresses()) {
        if (of.cidr().address().equals(address.get())) {
          intf = netlink.link(of.ifindex()).map(Link::name).orElse("");
        }
      }
      return new NodeAddress(IpAddress.format(address.get()), intf);
    }
  }

  private static Optional<InetAddress> source(Netlink netlink) {
    try {
      return netlink.routeTo(IpAddress.parse(ELSEWHERE)).flatMap(Route::source);
    } catch (LinuxException e) {
      // A host without routes has no such address.
      return Optional.empty();
    }
  }
}
