package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.linux.VxlanFence;
import dev.weft.pod.PodRef;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The wanted state of this node's kernel.
 *
 * @param own the subnet of this node's pods; empty before there is one
 * @param members addresses on which the other members listen: the route to them shows the underlay
 * @param peers the other members with their subnets
 * @param injected devices by destination
 * @param agents hosts without a node that may send into the overlay
 * @param pods this node's pods that have an address and whose namespace exists
 */
record Wanted(
    Optional<Cidr> own,
    List<InetAddress> members,
    List<Peer> peers,
    Map<Cidr, String> injected,
    Set<VxlanFence.Sender> agents,
    List<PodEnd> pods) {

  /** Without agents. */
  Wanted(
      Optional<Cidr> own,
      List<InetAddress> members,
      List<Peer> peers,
      Map<Cidr, String> injected,
      List<PodEnd> pods) {
    this(own, members, peers, injected, Set.of(), pods);
  }

  /**
   * Another member.
   *
   * @param carrier what carries packets there in this pass
   * @param endpoint the member's underlay address; null if none is known, which VXLAN needs
   * @param mtu of the member's pods, bytes; 0 if not known
   */
  record Peer(
      String node, String name, Cidr subnet, PacketCarrier carrier, InetAddress endpoint, int mtu) {
    /** Of the member's overlay device. */
    String mac() {
      return SubnetNames.overlayMac(node);
    }

    Peer by(PacketCarrier other) {
      return new Peer(node, name, subnet, other, endpoint, mtu);
    }

    InetAddress router() {
      return new AddressPool(subnet).router();
    }
  }

  /** A pod's end of its veth pair. */
  record PodEnd(PodRef pod, String netns, InetAddress address) {}
}
