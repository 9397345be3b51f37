package dev.weft.wire.meshnet;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.config.GrpcConfig;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.net.Underlay;
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
      Optional<Underlay> holder = Underlay.holding(netlink, address.get());
      return new NodeAddress(
          IpAddress.format(address.get()), holder.map(Underlay::device).orElse(""));
    }
  }

  private static Optional<InetAddress> source(Netlink netlink) {
    try {
      return Underlay.towards(netlink, IpAddress.parse(ELSEWHERE)).map(Underlay::address);
    } catch (LinuxException e) {
      // A host without routes has no such address.
      return Optional.empty();
    }
  }
}
