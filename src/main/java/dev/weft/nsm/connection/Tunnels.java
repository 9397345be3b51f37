package dev.weft.nsm.connection;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.cluster.Cluster;
import dev.weft.config.NsmConfig;
import dev.weft.nsm.proto.TunnelType;
import java.util.List;
import java.util.Optional;

/** Which tunnels this node can be an end of. */
public final class Tunnels {
  /** Ethernet, IP, UDP and VXLAN headers (RFC 7348) over IPv4 and over IPv6, bytes. */
  private static final int OVERHEAD_V4 = 50;

  private static final int OVERHEAD_V6 = 70;
  private static final int UNDERLAY_MTU = 1500;

  private final Cluster cluster;
  private final NsmConfig config;

  public Tunnels(Cluster cluster, NsmConfig config) {
    this.cluster = cluster;
    this.config = config;
  }

  /**
   * Best first. A VXLAN needs an address that other nodes reach.
   *
   * @param external to a node of another mesh: only what is encrypted
   */
  public List<TunnelType> tunnels(boolean external) {
    if (external) {
      return List.of(TunnelType.DEFAULT_TUNNEL);
    }
    return config.tunnels().stream()
        .filter(t -> t != NsmConfig.Tunnel.VXLAN || address().isPresent())
        .map(
            t ->
                switch (t) {
                  case DEFAULT -> TunnelType.DEFAULT_TUNNEL;
                  case VXLAN -> TunnelType.VXLAN;
                })
        .toList();
  }

  /** This node's address as other nodes dial it, if it is one. */
  public Optional<String> address() {
    return cluster
        .member(cluster.self())
        .map(m -> m.grpc())
        .flatMap(grpc -> HostPort.parse(grpc, 0))
        .map(HostPort::host)
        .filter(Tunnels::isAddress);
  }

  public static boolean isAddress(String text) {
    try {
      return !IpAddress.parse(text).isLoopbackAddress();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Of a VXLAN over that address, bytes. */
  public static int mtu(String address) {
    return UNDERLAY_MTU - (address.contains(":") ? OVERHEAD_V6 : OVERHEAD_V4);
  }
}
