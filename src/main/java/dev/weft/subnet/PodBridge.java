package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.Route;
import dev.weft.linux.Sysctl;
import dev.weft.linux.VethSpec;
import dev.weft.net.SoleAddress;
import dev.weft.pod.PodRef;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The node's bridge, and a veth pair from it to each pod that has an address. */
final class PodBridge {
  static final String BRIDGE = "weft0";

  /** A pod's interface. */
  static final String INTERFACE = "eth0";

  private static final String WHAT = "bridge";

  private final Netns netns;
  private final Netlink netlink;
  private final Marks marks;

  PodBridge(Netns netns, Netlink netlink, Marks marks) {
    this.netns = netns;
    this.netlink = netlink;
    this.marks = marks;
  }

  /**
   * Brings bridge and pairs to what is wanted; one pod that fails stops no other.
   *
   * @return why a pod is not attached
   */
  Map<PodRef, String> reconcile(Cidr own, List<Wanted.PodEnd> pods, int mtu) throws LinuxException {
    Set<String> wanted = new HashSet<>();
    Map<PodRef, String> problems = new HashMap<>();
    Optional<Link> bridge = netlink.link(BRIDGE);
    if (pods.isEmpty() && bridge.isEmpty()) {
      return problems;
    }
    if (!pods.isEmpty()) {
      bridge = Optional.of(bridge(bridge, new AddressPool(own)));
    }
    for (Wanted.PodEnd pod : pods) {
      wanted.add(Marks.linkName(pod.pod().toString()));
      try {
        attach(pod, new AddressPool(own), bridge.orElseThrow().index(), mtu);
      } catch (LinuxException | WeftException e) {
        problems.put(pod.pod(), e.getMessage());
      }
    }
    for (Link link : netlink.links()) {
      if (link.kind().equals("veth") && marks.isOn(link) && !wanted.contains(link.name())) {
        netlink.delete(link.index());
      }
    }
    return problems;
  }

  /** Takes the bridge and every pair away. */
  void remove() throws LinuxException {
    for (Link link : netlink.links()) {
      if (marks.isOn(link) && (link.kind().equals("veth") || link.kind().equals("bridge"))) {
        netlink.delete(link.index());
      }
    }
  }

  private Link bridge(Optional<Link> there, AddressPool pool) throws LinuxException {
    // Without a mark and down: from a start that was cut short, for no one else leaves it so.
    boolean halfMade =
        there.filter(l -> l.kind().equals("bridge") && l.alias().isEmpty() && !l.up()).isPresent();
    boolean ours = there.filter(l -> l.alias().equals(marks.of(WHAT))).isPresent();
    if (there.isPresent() && !ours && !halfMade) {
      throw Fault.CONFLICT.because(
          "interface " + BRIDGE + " is there already and Weft did not make it (expected: none)");
    }
    Link bridge = there.isPresent() ? there.get() : netlink.createBridge(BRIDGE);
    int index = bridge.index();
    if (!ours) {
      netlink.setMac(index, marks.bridgeMac());
      netlink.setAlias(index, marks.of(WHAT));
    }
    Cidr gateway = new Cidr(pool.gateway(), pool.subnet().prefixLength());
    SoleAddress.set(netlink, index, gateway);
    if (!bridge.up()) {
      forward(gateway.address());
      netlink.setUp(index);
    }
    return bridge;
  }

  /** The node becomes a router for its pods. */
  private void forward(InetAddress gateway) throws LinuxException {
    String key =
        gateway instanceof Inet4Address ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
    if (!Sysctl.read(netns, key).equals("1")) {
      Sysctl.write(netns, key, "1");
    }
  }

  private void attach(Wanted.PodEnd pod, AddressPool pool, int bridge, int mtu)
      throws LinuxException {
    String alias = marks.of(pod.pod().toString());
    String name = Marks.linkName(pod.pod().toString());
    try (Netns podNs = Netns.open(pod.netns());
        Netlink inPod = Netlink.open(podNs)) {
      Optional<Link> ours = netlink.link(name);
      Optional<Link> theirs = inPod.link(INTERFACE);
      boolean fits =
          ours.isPresent()
              && theirs.isPresent()
              && theirs.get().alias().equals(alias)
              && theirs.get().peerIndex() == ours.get().index();
      if (!fits) {
        ours = Optional.of(pair(pod, inPod, podNs, ours, theirs, mtu));
      }
      Link end = inPod.require(INTERFACE);
      if (!end.alias().equals(alias)) {
        inPod.setAlias(end.index(), alias);
      }
      if (ours.get().master() != bridge) {
        netlink.setMaster(ours.get().index(), bridge);
      }
      if (ours.get().mtu() != mtu || end.mtu() != mtu) {
        netlink.setMtu(ours.get().index(), mtu);
        inPod.setMtu(end.index(), mtu);
      }
      SoleAddress.set(inPod, end.index(), new Cidr(pod.address(), pool.subnet().prefixLength()));
      if (!end.up()) {
        inPod.setUp(end.index());
      }
      defaultRoute(inPod, end.index(), pool.gateway());
    }
  }

  private Link pair(
      Wanted.PodEnd pod,
      Netlink inPod,
      Netns podNs,
      Optional<Link> ours,
      Optional<Link> theirs,
      int mtu)
      throws LinuxException {
    String alias = marks.of(pod.pod().toString());
    if (theirs.isPresent() && !marks.isOn(theirs.get())) {
      boolean halfMade =
          ours.isPresent()
              && theirs.get().alias().isEmpty()
              && theirs.get().peerIndex() == ours.get().index();
      if (!halfMade) {
        throw Fault.CONFLICT.because(
            "interface "
                + INTERFACE
                + " in pod "
                + pod.pod()
                + " is there already and Weft did not make it (expected: none)");
      }
    }
    if (ours.isPresent()) {
      netlink.delete(ours.get().index());
    }
    Optional<Link> left = inPod.link(INTERFACE);
    if (left.isPresent() && marks.isOn(left.get())) {
      inPod.delete(left.get().index());
    }
    return netlink.createVeth(
        new VethSpec(
            Marks.linkName(pod.pod().toString()),
            mtu,
            alias,
            true,
            false,
            new VethSpec.Peer(podNs, INTERFACE, mtu)));
  }

  private static void defaultRoute(Netlink inPod, int index, InetAddress gateway)
      throws LinuxException {
    boolean four = gateway instanceof Inet4Address;
    Cidr everything = Cidr.parse(four ? "0.0.0.0/0" : "::/0");
    Route wanted = Route.via(everything, gateway, index);
    for (Route route : inPod.routes(Route.PROTOCOL)) {
      if (route.equals(wanted)) {
        return;
      }
      if (route.destination().equals(everything)) {
        inPod.deleteRoute(route);
      }
    }
    try {
      inPod.addRoute(wanted);
    } catch (LinuxException e) {
      if (e.errnoName().equals("EEXIST")) {
        throw Fault.CONFLICT.because(
            "the pod has a default route already that Weft did not make (expected: none)", e);
      }
      throw e;
    }
  }
}
