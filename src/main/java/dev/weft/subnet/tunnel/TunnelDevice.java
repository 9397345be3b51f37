package dev.weft.subnet.tunnel;

import dev.weft.address.Cidr;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.net.LinkEnd;
import dev.weft.net.LinkOwnership;
import dev.weft.net.NodeLinks;
import dev.weft.net.SoleAddress;
import dev.weft.net.VethPair;
import dev.weft.wire.kernel.KernelEnds;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The kernel's part of tunnels: for each peer a veth pair from the host's namespace to the node's.
 * The host's end has the node's own address on the overlay, which packets of the host's programs
 * and the kernel's ICMP errors then have as their source.
 */
public final class TunnelDevice {
  /** Of the host's end, if the peer's pods have no less, bytes. */
  public static final int MTU = 1500;

  /** IPv6 needs as much (RFC 8200, section 5); a peer that says less is not believed. */
  private static final int LEAST_MTU = 1280;

  private static final String HOST = "this host";

  private final NodeLinks links;
  private final KernelEnds kernel;
  private final LinkOwnership owner;

  TunnelDevice(KernelEnds kernel) {
    this.links = kernel.links();
    this.kernel = kernel;
    this.owner = owner(links);
  }

  /** Recognises tunnels' links; the id in the alias is the peer's. */
  public static LinkOwnership owner(NodeLinks links) {
    return links.of("tunnel");
  }

  /** The name of both ends, unique on the node: 52 bits of the peer's id. */
  public static String nameOf(String node) {
    return "wt" + node.substring(0, 13);
  }

  /** Creates the pair, or adopts and corrects it; the host's end. */
  Future<Link> ensure(List<Cidr> own, TunnelPeer peer) {
    List<Cidr> routers = own.stream().map(part -> Cidr.host(part.address())).toList();
    String name = nameOf(peer.node());
    return links
        .thread()
        .change(
            at -> {
              LinkEnd here =
                  LinkEnd.ofPod(at.host(), name, mtu(peer), HOST)
                      .withMac(TunnelPackets.MAC)
                      .withAddress(Optional.of(routers.get(0)))
                      .withoutArp()
                      .withoutLinkLocal();
              Link link = VethPair.ensure(owner, peer.node(), here, kernel.nodeEnd(name));
              correct(at.host().netlink(), link, routers);
              return link;
            });
  }

  private static void correct(Netlink in, Link link, List<Cidr> routers) throws LinuxException {
    if (!link.mac().equals(TunnelPackets.MAC)) {
      in.setMac(link.index(), TunnelPackets.MAC);
    }
    // Nobody else gives addresses of one host to this device.
    SoleAddress.set(in, link.index(), routers, former -> former.prefixLength() == former.bits());
  }

  private static int mtu(TunnelPeer peer) {
    return peer.mtu() == 0 ? MTU : Math.max(LEAST_MTU, Math.min(MTU, peer.mtu()));
  }

  /** Removes the pair of a peer; success also if there is none. */
  Future<Void> remove(String node) {
    return links
        .thread()
        .change(
            at -> {
              Netlink in = at.host().netlink();
              Optional<Link> link = in.link(nameOf(node)).filter(found -> owner.owns(found, node));
              if (link.isPresent()) {
                in.delete(link.get().index());
              }
              return null;
            });
  }

  /** Removes the pairs of all other peers. */
  Future<Void> removeOthers(Set<String> kept) {
    return links
        .thread()
        .change(
            at -> {
              owner.sweep(at.host().netlink(), kept);
              return null;
            });
  }
}
