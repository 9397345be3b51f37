package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.linux.FdbEntry;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Neighbour;
import dev.weft.linux.Netlink;
import dev.weft.linux.Sysctl;
import dev.weft.linux.VxlanSpec;
import dev.weft.net.LinkOwnership;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNetns;
import dev.weft.net.SoleAddress;
import dev.weft.net.Underlay;
import dev.weft.net.Vxlans;
import dev.weft.room.Reconciler;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The VXLAN device (RFC 7348) with a neighbour and a forwarding entry for each other member: the
 * MAC of the member's device, and the underlay address behind that MAC. The device learns nothing,
 * and needs no broadcast and no ARP for members' subnets.
 */
final class OverlayDevice {
  /** The name if another program's device has the configured one. */
  private static final String SECOND_NAME = "weft-vx";

  private static final String WHAT = "overlay";

  private final OpenNetns host;
  private final Netlink netlink;
  private final String node;
  private final Vxlans vxlans;
  private final LinkOwnership owner;
  private final String name;

  /** Keys of the neighbours and forwarding entries that this process added or adopted. */
  private final Set<Object> made = new HashSet<>();

  private final OverlaySettings settings;

  OverlayDevice(OpenNetns host, NodeLinks links, LinkOwnership owner, OverlaySettings settings) {
    this.settings = settings;
    this.name = settings.name().orElse("");
    this.host = host;
    this.netlink = host.netlink();
    this.node = links.node();
    this.vxlans = links.vxlans();
    this.owner = owner;
  }

  /** The device, if this node owns one. */
  Optional<Link> find() throws LinuxException {
    for (String candidate : List.of(name, SECOND_NAME)) {
      Optional<Link> link = netlink.link(candidate);
      if (link.isPresent() && owner.owns(link.get(), WHAT)) {
        return link;
      }
    }
    return Optional.empty();
  }

  void remove() throws LinuxException {
    Optional<Link> device = find();
    if (device.isPresent()) {
      netlink.delete(device.get().index());
      vxlans.release(settings.vni(), owner.alias(WHAT));
    }
  }

  /** Creates the device, or adopts and corrects it. */
  Link ensure(Underlay underlay, List<Cidr> own) throws LinuxException {
    Link link = device(underlay);
    int index = link.index();
    if (link.mtu() != underlay.vxlanMtu()) {
      netlink.setMtu(index, underlay.vxlanMtu());
    }
    if (!link.mac().equals(SubnetNames.overlayMac(node))) {
      netlink.setMac(index, SubnetNames.overlayMac(node));
    }
    if (!owner.owns(link, WHAT)) {
      netlink.setAlias(index, owner.alias(WHAT));
    }
    vxlans.adopt(settings.vni(), owner.alias(WHAT));
    List<Cidr> routers = own.stream().map(c -> Cidr.host(new AddressPool(c).router())).toList();
    SoleAddress.set(netlink, index, routers, c -> isRouter(c, own));
    if (!link.up()) {
      // Injected routes lead to addresses on the link: the node behind which they are answers ARP.
      if (routers.get(0).address() instanceof Inet4Address) {
        Sysctl.write(host.netns(), "net/ipv4/conf/" + link.name() + "/proxy_arp", "1");
        Sysctl.write(host.netns(), "net/ipv4/neigh/" + link.name() + "/proxy_delay", "0");
      }
      try {
        netlink.setUp(index);
      } catch (LinuxException e) {
        if (e.errnoName().equals("EADDRINUSE")) {
          throw Vxlans.portTaken(netlink, settings.port(), e);
        }
        throw e;
      }
    }
    return netlink.require(link.name());
  }

  private static boolean isRouter(Cidr address, List<Cidr> own) {
    return address.prefixLength() == address.bits()
        && own.stream()
            .filter(part -> part.bits() == address.bits())
            .anyMatch(part -> new Cidr(address.address(), part.prefixLength()).isNetwork());
  }

  /**
   * Makes this node's neighbours and forwarding entries exactly those of the peers; others have
   * added the rest, to reach hosts that Weft does not know.
   *
   * @param flood whether frames to unknown MACs, as ARP requests, go to every peer
   */
  void reach(Link device, List<Wanted.Peer> peers, boolean flood) throws LinuxException {
    int index = device.index();
    Map<InetAddress, Neighbour> neighbours = new HashMap<>();
    Map<Object, FdbEntry> entries = new HashMap<>();
    for (Wanted.Peer peer : peers) {
      for (Cidr part : peer.subnets()) {
        InetAddress router = new AddressPool(part).router();
        neighbours.put(router, new Neighbour(index, router, peer.mac()));
      }
      entries.put(peer.mac(), new FdbEntry(index, peer.mac(), peer.endpoint()));
      if (flood) {
        FdbEntry any = new FdbEntry(index, FdbEntry.ANY, peer.endpoint());
        entries.put(key(any), any);
      }
    }
    made.addAll(neighbours.keySet());
    made.addAll(entries.keySet());
    Map<InetAddress, Neighbour> knownNeighbours = new HashMap<>();
    for (Neighbour n : netlink.neighbours()) {
      if (n.ifindex() == index) {
        knownNeighbours.put(n.address(), n);
      }
    }
    Map<Object, FdbEntry> knownEntries = new HashMap<>();
    for (FdbEntry e : netlink.fdb(index)) {
      knownEntries.put(key(e), e);
    }

    Reconciler.Plan<FdbEntry> fdb = Reconciler.plan(entries, knownEntries);
    for (FdbEntry e : fdb.remove()) {
      if (made.remove(key(e))) {
        netlink.deleteFdb(e);
      }
    }
    for (FdbEntry e : fdb.put()) {
      netlink.addFdb(e);
    }
    Reconciler.Plan<Neighbour> plan = Reconciler.plan(neighbours, knownNeighbours);
    for (Neighbour n : plan.remove()) {
      if (made.remove(n.address())) {
        netlink.deleteNeighbour(n);
      }
    }
    for (Neighbour n : plan.put()) {
      netlink.addNeighbour(n);
    }
  }

  private static Object key(FdbEntry entry) {
    // A broadcast entry is one of many under its MAC; its address is not that of a neighbour.
    return entry.mac().equals(FdbEntry.ANY)
        ? "to " + IpAddress.format(entry.remote().orElseThrow())
        : entry.mac();
  }

  private Link device(Underlay underlay) throws LinuxException {
    Optional<Link> known = find();
    if (known.isPresent()) {
      if (Vxlans.fits(known.get(), spec(name, underlay))) {
        return known.get();
      }
      netlink.delete(known.get().index());
    }
    Optional<Link> taken = netlink.link(name);
    if (taken.isPresent()
        && taken.get().alias().isEmpty()
        && Vxlans.fits(taken.get(), spec(name, underlay))) {
      // A start that was cut short before the alias left it: the kernel allows no second like it.
      return taken.get();
    }
    return vxlans.create(
        netlink, spec(taken.isPresent() ? SECOND_NAME : name, underlay), owner.alias(WHAT));
  }

  private VxlanSpec spec(String name, Underlay underlay) {
    return new VxlanSpec(
        name,
        settings.vni(),
        underlay.address(),
        Optional.empty(),
        settings.port(),
        underlay.ifindex(),
        false,
        underlay.vxlanMtu());
  }
}
