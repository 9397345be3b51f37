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
  /** What {@code grpc.host} is where no other node is served. */
  private static final String LOOPBACK = "127.0.0.1";

  /** For documentation (RFC 5737): what the default route would be used for. */
  private static final String ELSEWHERE = "192.0.2.1";

  /**
   * The address of {@code grpc.meshnet}, else of {@code grpc.host} if others reach that, else the
   * default route's source. Blocks.
   */
  static NodeAddress find(GrpcConfig config) throws LinuxException {
    InetAddress host = IpAddress.parse(config.host());
    try (Netlink netlink = Netlink.open()) {
      Optional<InetAddress> address =
          config
              .meshnet()
              .map(HostPort::host)
              .map(IpAddress::parse)
              .filter(a -> !a.isAnyLocalAddress())
              .or(() -> Optional.of(host).filter(a -> !config.host().equals(LOOPBACK)))
              .or(() -> source(netlink))
              .or(() -> Optional.of(host));
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
