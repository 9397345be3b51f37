package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.pod.PodRef;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the kernel of this node should have.
 *
 * @param own the subnet of this node's pods; empty before there is one
 * @param members addresses that the other members listen on: the route to them is the underlay
 * @param peers the other members with their subnets
 * @param injected destinations and the devices that they are reached through
 * @param pods those of this node with an address and a namespace that is there
 */
record Wanted(
    Optional<Cidr> own,
    List<InetAddress> members,
    List<Peer> peers,
    Map<Cidr, String> injected,
    List<PodEnd> pods) {

  /**
   * Another member.
   *
   * @param endpoint its underlay address
   * @param mac of its overlay device
   */
  record Peer(String node, String name, Cidr subnet, InetAddress endpoint, String mac) {
    InetAddress router() {
      return new AddressPool(subnet).router();
    }
  }

  /** A pod's end of its veth pair. */
  record PodEnd(PodRef pod, String netns, InetAddress address) {}
}
