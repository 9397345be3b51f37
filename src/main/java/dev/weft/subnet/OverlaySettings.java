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
    boolean fence,
    boolean masquerade,
    Optional<String> underlay) {
  static OverlaySettings of(SubnetsConfig config, boolean vxlan) {
    return new OverlaySettings(
        config.cidr(),
        config.cidr6(),
        config.overlay(),
        vxlan,
        config.vni(),
        config.port(),
        config.fence(),
        config.egress() == SubnetsConfig.Egress.MASQUERADE,
        vxlan ? config.underlay() : Optional.empty());
  }
}
