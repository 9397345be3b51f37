package dev.weft.subnet;

import dev.weft.config.SubnetsConfig;
import java.util.Locale;

/** What carries packets between the pods of two nodes. */
enum PacketCarrier {
  /** The kernel's VXLAN: neither encrypted nor authenticated. */
  VXLAN,

  /** A tunnel over the nodes' own connections. */
  MESH,

  /** The kernel's WireGuard. */
  WIREGUARD,

  /** Nothing: one of the nodes wants no VXLAN, and the other one has nothing else. */
  NONE;

  /**
   * What a node can do and wants.
   *
   * @param asked its {@code subnets.carrier}
   * @param vxlan whether VXLAN may reach it: no NAT is in between
   * @param mesh whether it makes tunnels
   * @param wireguard whether its kernel has WireGuard, which may reach it
   */
  record Side(SubnetsConfig.Carrier asked, boolean vxlan, boolean mesh, boolean wireguard) {
    /** Without WireGuard. */
    Side(SubnetsConfig.Carrier asked, boolean vxlan, boolean mesh) {
      this(asked, vxlan, mesh, false);
    }

    /** Whether packets may go without encryption. */
    boolean plain() {
      return vxlan
          && asked != SubnetsConfig.Carrier.MESH
          && asked != SubnetsConfig.Carrier.WIREGUARD;
    }

    private boolean takesWireguard() {
      return wireguard && vxlan && asked != SubnetsConfig.Carrier.MESH;
    }
  }

  /** As users see it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Both nodes come to the same answer, so that packets take the same way there and back. */
  static PacketCarrier between(Side one, Side other) {
    boolean plain = one.plain() && other.plain();
    boolean asked =
        one.asked() != SubnetsConfig.Carrier.VXLAN || other.asked() != SubnetsConfig.Carrier.VXLAN;
    if (asked && one.takesWireguard() && other.takesWireguard()) {
      return WIREGUARD;
    }
    if (one.mesh() && other.mesh() && (asked || !plain)) {
      return MESH;
    }
    return plain ? VXLAN : NONE;
  }
}
