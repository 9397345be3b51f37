package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.config.SubnetsConfig;
import java.util.Optional;

/**
 * What the overlay is made with.
 *
 * @param range of all nodes' subnets
 * @param second IPv6 range beside an IPv4 one
 * @param name of the VXLAN device; empty for no overlay
 * @param vxlan whether VXLAN carries packets; if not, a device from before is removed
 * @param wireguard the first of two UDP ports; 0 for no WireGuard
 * @param fence whether packets of strangers are kept out
 * @param masquerade whether pods reach other networks with the host's address
 * @param underlay the device that carries it; empty for the one that reaches the members
 */
record OverlaySettings(
    Cidr range,
    Optional<Cidr> second,
    Optional<String> name,
    boolean vxlan,
    int vni,
    int port,
    int wireguard,
    boolean fence,
    boolean masquerade,
    Optional<String> underlay) {
  /**
   * @param direct whether packets of members may come without anything in between
   */
  static OverlaySettings of(SubnetsConfig config, boolean direct) {
    boolean encrypted = config.carrier() == SubnetsConfig.Carrier.WIREGUARD;
    boolean tunnels = config.carrier() == SubnetsConfig.Carrier.MESH;
    boolean vxlan = direct && !encrypted && !tunnels;
    boolean wireguard = direct && !tunnels && config.overlay().isPresent();
    return new OverlaySettings(
        config.cidr(),
        config.cidr6(),
        config.overlay(),
        vxlan,
        config.vni(),
        config.port(),
        wireguard ? config.wireguardPort() : 0,
        config.fence(),
        config.egress() == SubnetsConfig.Egress.MASQUERADE,
        vxlan || wireguard ? config.underlay() : Optional.empty());
  }
}
