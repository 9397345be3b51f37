package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.linux.VxlanFence;
import dev.weft.pod.PodRef;
import dev.weft.subnet.wireguard.AnnouncedKey;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The wanted state of this node's kernel.
 *
 * @param own the subnet of this node's pods; empty before there is one
 * @param second the part of the IPv6 range beside an IPv4 {@code own}
 * @param members addresses on which the other members listen: the route to them shows the underlay
 * @param peers the other members with their subnets
 * @param injected devices by destination
 * @param agents hosts without a node that may send into the overlay
 * @param pods this node's pods that have an address and whose namespace exists
 */
record Wanted(
    Optional<Cidr> own,
    Optional<Cidr> second,
    List<InetAddress> members,
    List<Peer> peers,
    Map<Cidr, String> injected,
    Set<VxlanFence.Sender> agents,
    List<PodEnd> pods) {

  /** Without a second range and agents. */
  Wanted(
      Optional<Cidr> own,
      List<InetAddress> members,
      List<Peer> peers,
      Map<Cidr, String> injected,
      List<PodEnd> pods) {
    this(own, Optional.empty(), members, peers, injected, Set.of(), pods);
  }

  /** The same without IPv6 beside IPv4. */
  Wanted single() {
    return new Wanted(
        own,
        Optional.empty(),
        members,
        peers.stream().map(peer -> peer.beside(Optional.empty())).toList(),
        injected,
        agents,
        pods.stream().map(pod -> new PodEnd(pod.pod(), pod.netns(), pod.address())).toList());
  }

  /**
   * Another member.
   *
   * @param second its part of the IPv6 range beside an IPv4 subnet; empty if it uses none
   * @param hosts addresses of its pods outside of these
   * @param carrier what carries packets there in this pass
   * @param wireguard what it tells, if both are to use WireGuard; null if not
   * @param endpoint the member's underlay address; null if none is known, which VXLAN needs
   * @param mtu of the member's pods, bytes; 0 if not known
   */
  record Peer(
      String node,
      String name,
      Cidr subnet,
      Optional<Cidr> second,
      List<Cidr> hosts,
      PacketCarrier carrier,
      WireguardOffer wireguard,
      InetAddress endpoint,
      int mtu) {
    private static final int LEAST_MTU = 1280;

    /** Without pods elsewhere. */
    Peer(
        String node,
        String name,
        Cidr subnet,
        Optional<Cidr> second,
        PacketCarrier carrier,
        WireguardOffer wireguard,
        InetAddress endpoint,
        int mtu) {
      this(node, name, subnet, second, List.of(), carrier, wireguard, endpoint, mtu);
    }

    /** Without WireGuard. */
    Peer(
        String node,
        String name,
        Cidr subnet,
        Optional<Cidr> second,
        PacketCarrier carrier,
        InetAddress endpoint,
        int mtu) {
      this(node, name, subnet, second, carrier, null, endpoint, mtu);
    }

    /** Without a second range. */
    Peer(
        String node,
        String name,
        Cidr subnet,
        PacketCarrier carrier,
        InetAddress endpoint,
        int mtu) {
      this(node, name, subnet, Optional.empty(), carrier, endpoint, mtu);
    }

    /** Of the member's overlay device. */
    String mac() {
      return SubnetNames.overlayMac(node);
    }

    Peer by(PacketCarrier other) {
      return new Peer(node, name, subnet, second, hosts, other, wireguard, endpoint, mtu);
    }

    Peer beside(Optional<Cidr> other) {
      return new Peer(node, name, subnet, other, hosts, carrier, wireguard, endpoint, mtu);
    }

    /** What routes to it lead to. */
    List<Cidr> subnets() {
      List<Cidr> all = new ArrayList<>(SecondRange.both(subnet, second));
      all.addAll(hosts);
      return all;
    }

    /** Whether it has pods in a subnet, one by one. */
    boolean isIn(Cidr other) {
      return subnets().stream().anyMatch(to -> other.contains(to) && !other.equals(to));
    }

    /** Whether it lost its subnet, and has pods left there. */
    boolean isGuest() {
      return subnet.prefixLength() == subnet.bits();
    }

    /**
     * The longest packet that gets there whole.
     *
     * @param own MTU of this node's overlay, bytes; 0 for none
     * @return 0 if not known
     */
    int pathMtu(int own) {
      // A member that says less than IPv6 needs is not believed (RFC 8200, section 5).
      return mtu == 0 || own == 0 ? own : Math.min(own, Math.max(LEAST_MTU, mtu));
    }

    /** Its own address on the overlay. */
    InetAddress router() {
      return new AddressPool(subnet).router();
    }
  }

  /**
   * What a member tells for WireGuard.
   *
   * @param keys its public keys
   * @param sendsBy the oldest generation of them that it sends by
   * @param tunnel whether a tunnel takes the place where no handshake is made
   */
  record WireguardOffer(List<AnnouncedKey> keys, long sendsBy, boolean tunnel) {}

  /**
   * A pod's end of its veth pair.
   *
   * @param second its IPv6 address beside an IPv4 one
   */
  record PodEnd(PodRef pod, String netns, InetAddress address, Optional<InetAddress> second) {
    /** Without a second address. */
    PodEnd(PodRef pod, String netns, InetAddress address) {
      this(pod, netns, address, Optional.empty());
    }
  }
}
