package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.linux.FdbEntry;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Neighbour;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.Sysctl;
import dev.weft.linux.VxlanSpec;
import dev.weft.net.SoleAddress;
import dev.weft.net.Underlay;
import dev.weft.room.Reconciler;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The VXLAN device (RFC 7348) and what it knows of the other members: for each the MAC of its
 * device, and the underlay address behind that MAC. Nothing is learnt, nobody is asked: no
 * broadcast and no ARP for members' subnets.
 */
final class OverlayDevice {
  static final int VNI = 100;
  static final int PORT = 4789;

  /** Where an agent of the original has taken the configured name. */
  private static final String SECOND_NAME = "weft-vx";

  private static final String WHAT = "overlay";

  private final Netns netns;
  private final Netlink netlink;
  private final Marks marks;
  private final String name;

  OverlayDevice(Netns netns, Netlink netlink, Marks marks, String name) {
    this.netns = netns;
    this.netlink = netlink;
    this.marks = marks;
    this.name = name;
  }

  /** The device as it is, ours only. */
  Optional<Link> find() throws LinuxException {
    for (String candidate : List.of(name, SECOND_NAME)) {
      Optional<Link> link = netlink.link(candidate);
      if (link.isPresent() && link.get().alias().equals(marks.of(WHAT))) {
        return link;
      }
    }
    return Optional.empty();
  }

  /** Makes the device, or adopts and corrects it. */
  Link ensure(Underlay underlay, Cidr own) throws LinuxException {
    Link link = device(underlay);
    int index = link.index();
    if (link.mtu() != underlay.vxlanMtu()) {
      netlink.setMtu(index, underlay.vxlanMtu());
    }
    if (!link.mac().equals(Marks.overlayMac(marks.node()))) {
      netlink.setMac(index, Marks.overlayMac(marks.node()));
    }
    if (!link.alias().equals(marks.of(WHAT))) {
      netlink.setAlias(index, marks.of(WHAT));
    }
    Cidr router = Cidr.host(new AddressPool(own).router());
    SoleAddress.set(netlink, index, router);
    if (!link.up()) {
      // Injected routes lead to addresses on the link: the node that has them answers for them.
      if (router.address() instanceof Inet4Address) {
        Sysctl.write(netns, "net/ipv4/conf/" + link.name() + "/proxy_arp", "1");
        Sysctl.write(netns, "net/ipv4/neigh/" + link.name() + "/proxy_delay", "0");
      }
      netlink.setUp(index);
    }
    return netlink.require(link.name());
  }

  /**
   * Brings neighbours and forwarding entries to the peers as they are.
   *
   * @param flood whether unknown addresses are asked for at every peer
   */
  void reach(Link device, List<Wanted.Peer> peers, boolean flood) throws LinuxException {
    int index = device.index();
    Map<InetAddress, Neighbour> neighbours = new HashMap<>();
    Map<Object, FdbEntry> entries = new HashMap<>();
    for (Wanted.Peer peer : peers) {
      neighbours.put(peer.router(), new Neighbour(index, peer.router(), peer.mac()));
      entries.put(peer.mac(), new FdbEntry(index, peer.mac(), peer.endpoint()));
      if (flood) {
        entries.put(peer.endpoint(), new FdbEntry(index, FdbEntry.ANY, peer.endpoint()));
      }
    }
    Map<InetAddress, Neighbour> knownNeighbours = new HashMap<>();
    for (Neighbour n : netlink.neighbours()) {
      if (n.ifindex() == index) {
        knownNeighbours.put(n.address(), n);
      }
    }
    Map<Object, FdbEntry> knownEntries = new HashMap<>();
    for (FdbEntry e : netlink.fdb(index)) {
      knownEntries.put(e.mac().equals(FdbEntry.ANY) ? e.remote().orElseThrow() : e.mac(), e);
    }
    Reconciler.Plan<FdbEntry> fdb = Reconciler.plan(entries, knownEntries);
    for (FdbEntry e : fdb.remove()) {
      netlink.deleteFdb(e);
    }
    for (FdbEntry e : fdb.replace()) {
      netlink.addFdb(e);
    }
    for (FdbEntry e : fdb.add()) {
      netlink.addFdb(e);
    }
    Reconciler.Plan<Neighbour> plan = Reconciler.plan(neighbours, knownNeighbours);
    for (Neighbour n : plan.remove()) {
      netlink.deleteNeighbour(n);
    }
    for (Neighbour n : plan.replace()) {
      netlink.addNeighbour(n);
    }
    for (Neighbour n : plan.add()) {
      netlink.addNeighbour(n);
    }
  }

  private Link device(Underlay underlay) throws LinuxException {
    Optional<Link> known = find();
    if (known.isPresent()) {
      if (fits(known.get(), underlay)) {
        return known.get();
      }
      netlink.delete(known.get().index());
    }
    Optional<Link> taken = netlink.link(name);
    if (taken.isPresent() && taken.get().alias().isEmpty() && fits(taken.get(), underlay)) {
      // Ours from a start that was cut short before the mark: the kernel has no second of its kind.
      return taken.get();
    }
    return netlink.createVxlan(spec(taken.isPresent() ? SECOND_NAME : name, underlay));
  }

  private static boolean fits(Link link, Underlay underlay) {
    VxlanSpec wanted = spec(link.name(), underlay);
    return link.vxlan()
        .map(
            is ->
                is.vni() == wanted.vni()
                    && is.port() == wanted.port()
                    && is.local().equals(wanted.local())
                    && is.underlay() == wanted.underlay()
                    && is.remote().isEmpty()
                    && !is.learning())
        .orElse(false);
  }

  private static VxlanSpec spec(String name, Underlay underlay) {
    return new VxlanSpec(
        name,
        VNI,
        underlay.address(),
        Optional.empty(),
        PORT,
        underlay.ifindex(),
        false,
        underlay.vxlanMtu());
  }
}
