package dev.weft.subnet;

import dev.weft.config.SubnetsConfig;

/**
 * What a member tells the others in its owned table.
 *
 * @param subnet null while the member has none, or must not use the one it has
 * @param endpoint underlay address; null while the member knows none
 * @param mac of the member's overlay device
 * @param mtu of the member's pods, bytes
 * @param carrier its {@code subnets.carrier}; null for a version that had none
 * @param mesh whether it makes tunnels
 */
record MemberRow(
    String subnet,
    String endpoint,
    String mac,
    int mtu,
    SubnetsConfig.Carrier carrier,
    boolean mesh) {
  /**
   * @param vxlan whether VXLAN may reach the member
   */
  PacketCarrier.Side side(boolean vxlan) {
    return new PacketCarrier.Side(
        carrier == null ? SubnetsConfig.Carrier.VXLAN : carrier, vxlan, mesh);
  }
}
