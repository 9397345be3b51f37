package dev.weft.linux;

import dev.weft.address.Cidr;
import java.util.List;
import java.util.Optional;

/**
 * What a host does with its pods' packets.
 *
 * @param fence which packets of the overlay it takes
 * @param masquerade which packets get the host's address
 * @param ports who may send to UDP ports of the node's
 */
public record PacketRules(
    Optional<VxlanFence> fence, Optional<Masquerade> masquerade, Optional<PortFence> ports) {
  public static final PacketRules NONE = new PacketRules(Optional.empty(), Optional.empty());

  /** Without ports of its own. */
  public PacketRules(Optional<VxlanFence> fence, Optional<Masquerade> masquerade) {
    this(fence, masquerade, Optional.empty());
  }

  /**
   * Packets of a node's pods to elsewhere.
   *
   * @param sources the node's own subnets
   * @param ranges of all nodes' subnets, one of the same family beside each source
   * @param inside the device of the overlay, behind which addresses of pods are known; empty for
   *     none
   */
  public record Masquerade(List<Cidr> sources, List<Cidr> ranges, Optional<String> inside) {}
}
