package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import dev.weft.net.Bridge;
import dev.weft.net.LinkEnd;
import dev.weft.net.LinkOwnership;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNetns;
import dev.weft.net.SoleAddress;
import dev.weft.net.VethPair;
import dev.weft.pod.PodRef;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** The node's bridge, and a veth pair from it to each pod that has an address. */
final class PodBridge {
  static final String BRIDGE = "weft0";

  /** Name of the interface in a pod. */
  static final String INTERFACE = "eth0";

  private static final String WHAT = "bridge";

  private final OpenNetns host;
  private final Netlink netlink;
  private final NodeLinks links;
  private final LinkOwnership owner;
  private final Cidr range;
  private final Forwarding forwarding;

  /**
   * @param range of all nodes' subnets
   */
  PodBridge(
      OpenNetns host, NodeLinks links, LinkOwnership owner, Cidr range, Forwarding forwarding) {
    this.host = host;
    this.netlink = host.netlink();
    this.links = links;
    this.owner = owner;
    this.range = range;
    this.forwarding = forwarding;
  }

  /**
   * Makes bridge and pairs what is wanted; one pod that fails stops no other.
   *
   * @param own the subnet of the pods, and the part of the IPv6 range beside it
   * @return the reason for each pod that is not attached
   */
  Map<PodRef, String> reconcile(List<Cidr> own, List<Wanted.PodEnd> pods, int mtu)
      throws IOException {
    Set<String> wanted = new HashSet<>();
    Map<PodRef, String> problems = new HashMap<>();
    Optional<Link> bridge = netlink.link(BRIDGE);
    if (pods.isEmpty() && bridge.isEmpty()) {
      return problems;
    }
    if (!pods.isEmpty()) {
      bridge = Optional.of(bridge(bridge, own));
    }
    for (Wanted.PodEnd pod : pods) {
      wanted.add(SubnetNames.linkName(pod.pod().toString()));
      try {
        attach(pod, own, bridge.orElseThrow().index(), mtu);
      } catch (IOException | WeftException e) {
        problems.put(pod.pod(), e.getMessage());
      }
    }
    remove(l -> l.kind().equals("veth") && !wanted.contains(l.name()));
    return problems;
  }

  /** Removes the bridge and every pair. */
  void remove() throws IOException {
    remove(l -> l.kind().equals("veth") || l.kind().equals("bridge"));
  }

  private void remove(Predicate<Link> unwanted) throws IOException {
    List<Integer> indexes =
        netlink.links().stream().filter(owner::owns).filter(unwanted).map(Link::index).toList();
    if (!indexes.isEmpty()) {
      change(() -> netlink.delete(indexes));
    }
  }

  private interface Change {
    void run() throws IOException;
  }

  private void change(Change change) throws IOException {
    links
        .thread()
        .await(
            at -> {
              change.run();
              return null;
            });
  }

  private Link bridge(Optional<Link> there, List<Cidr> own) throws IOException {
    // No alias and down: an attempt that was cut short has left it, for nobody else leaves one so.
    boolean halfMade =
        there.filter(l -> l.kind().equals("bridge") && l.alias().isEmpty() && !l.up()).isPresent();
    boolean ours = there.filter(l -> owner.owns(l, WHAT)).isPresent();
    if (there.isPresent() && !ours && !halfMade) {
      throw taken(BRIDGE);
    }
    if (!ours) {
      change(
          () -> {
            if (halfMade) {
              netlink.delete(there.get().index());
            }
            Bridge.create(netlink, BRIDGE, SubnetNames.bridgeMac(links.node()), owner.alias(WHAT));
          });
    }
    Link bridge = netlink.require(BRIDGE);
    int index = bridge.index();
    List<Cidr> gateways =
        own.stream()
            .map(part -> new Cidr(new AddressPool(part).gateway(), part.prefixLength()))
            .toList();
    // Older versions, and older kernels, do not say whose an address is.
    SoleAddress.set(
        netlink,
        index,
        gateways,
        c -> range.contains(c) && isGateway(c, own.get(0).prefixLength()));
    for (Cidr gateway : gateways) {
      forwarding.ensure(gateway.address());
    }
    forwarding.pass(BRIDGE, false);
    if (!bridge.up()) {
      netlink.setUp(index);
    }
    return bridge;
  }

  private static boolean isGateway(Cidr address, int prefix) {
    return address.prefixLength() == prefix
        && new AddressPool(address.network()).gateway().equals(address.address());
  }

  private void attach(Wanted.PodEnd pod, List<Cidr> own, int bridge, int mtu) throws IOException {
    String ref = pod.pod().toString();
    try (OpenNetns podNetns = OpenNetns.open(pod.netns())) {
      if (podNetns.identity() == host.identity()) {
        throw Fault.CONFLICT.because(
            "pod %s is in the host's namespace (expected: one of its own, for an address of the subnet)"
                .formatted(ref));
      }
      Netlink inPod = podNetns.netlink();
      LinkEnd here = LinkEnd.ofNode(host, SubnetNames.linkName(ref), mtu);
      LinkEnd there = LinkEnd.ofPod(podNetns, INTERFACE, mtu, "pod " + ref);
      Link ours = pair(ref, here, there);
      if (ours.master() != bridge) {
        netlink.setMaster(ours.index(), bridge);
      }
      int end = inPod.require(INTERFACE).index();
      List<Cidr> addresses = new ArrayList<>();
      addresses.add(new Cidr(pod.address(), own.get(0).prefixLength()));
      pod.second()
          .filter(six -> own.size() > 1)
          .ifPresent(six -> addresses.add(new Cidr(six, own.get(1).prefixLength())));
      LinuxException refused = null;
      try {
        SoleAddress.set(inPod, end, addresses, address -> false);
      } catch (LinuxException e) {
        if (addresses.size() == 1) {
          throw e;
        }
        refused = e;
      }
      defaultRoute(inPod, end, new AddressPool(own.get(0)).gateway());
      if (refused != null) {
        // A pod without IPv6 has what it can have.
        throw Fault.PRECONDITION.because(
            "%s (expected: net.ipv6.conf.%s.disable_ipv6 = 0 in the pod)"
                .formatted(refused.getMessage(), INTERFACE),
            refused);
      }
      if (addresses.size() > 1) {
        defaultRoute(inPod, end, new AddressPool(own.get(1)).gateway());
      }
    }
  }

  private Link pair(String pod, LinkEnd here, LinkEnd there) throws IOException {
    Optional<Link> ours = VethPair.adopt(owner, pod, here, there);
    if (ours.isPresent()) {
      return ours.get();
    }
    try {
      return links.thread().await(at -> VethPair.ensure(owner, pod, here, there));
    } catch (WeftException e) {
      throw e.fault() == Fault.CONFLICT ? taken(INTERFACE + " in pod " + pod) : e;
    }
  }

  private static WeftException taken(String interfaceName) {
    return Fault.CONFLICT.because(
        "interface "
            + interfaceName
            + " is there already and Weft did not make it (expected: none)");
  }

  private static void defaultRoute(Netlink inPod, int index, InetAddress gateway)
      throws LinuxException {
    boolean four = gateway instanceof Inet4Address;
    Cidr everything = Cidr.parse(four ? "0.0.0.0/0" : "::/0");
    Route wanted = Route.via(everything, gateway, index);
    for (Route route : inPod.routes()) {
      if (route.equals(wanted)) {
        return;
      }
      boolean ours =
          route.protocol() == Route.PROTOCOL
              || (route.protocol() == Route.FORMER_PROTOCOL && route.ifindex() == index);
      if (ours && route.destination().equals(everything)) {
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
