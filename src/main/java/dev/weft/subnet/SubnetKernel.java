package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.LiveNetns;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.PacketRules;
import dev.weft.linux.Route;
import dev.weft.linux.Sysctl;
import dev.weft.linux.VxlanFence;
import dev.weft.net.LinkOwnership;
import dev.weft.net.LinkThread;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNetns;
import dev.weft.net.Underlay;
import dev.weft.net.WireguardDevices;
import dev.weft.pod.PodRef;
import dev.weft.store.LockFile;
import dev.weft.subnet.tunnel.TunnelDevice;
import dev.weft.subnet.wireguard.WireguardSeen;
import java.io.IOException;
import java.net.Inet4Address;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the kernel of one namespace to what the subnet room wants: overlay, routes and pods'
 * interfaces. All calls block, and only one runs at a time. A lock keeps a second node out of the
 * namespace.
 */
final class SubnetKernel implements AutoCloseable {
  /** The pods' MTU before there is an underlay: Ethernet's usual 1500 less the overhead. */
  private static final int LONE_MTU = 1450;

  private static final int LONE_MTU_V6 = 1430;

  private static final String NO_IPV6 = "net/ipv6/conf/all/disable_ipv6";

  private static final Logger log = LoggerFactory.getLogger(SubnetKernel.class);

  private static final Path LOCKS = Path.of("/run/weft");

  private final FileLock lock;
  private final OpenNetns host;
  private final Netlink netlink;
  private final LinkThread thread;
  private final LinkOwnership owner;
  private final OverlaySettings settings;
  private final PacketTable packets;
  private final ForwardPasses forwards;
  private final Cidr range;
  private final Optional<String> overlayName;
  private final boolean vxlan;
  private final Optional<String> underlayName;
  private final OverlayDevice overlay;
  private final Forwarding forwarding;
  private final PodBridge podLinks;
  private final RouteTable table;
  private final WireguardPart wireguard;
  private final OverlayProbe probe;
  private final OverlayProbe reach;
  private final LinkOwnership tunnels;
  private boolean rangeIsFree;
  private boolean secondIsFree;
  private Optional<String> rival = Optional.empty();

  private SubnetKernel(
      OpenNetns host,
      FileLock lock,
      NodeLinks links,
      OverlaySettings settings,
      Optional<WireguardDevices> devices) {
    this.lock = lock;
    this.host = host;
    this.netlink = host.netlink();
    this.thread = links.thread();
    this.owner = links.of("subnet");
    this.settings = settings;
    this.packets = new PacketTable(host.netns(), owner.alias("fence"));
    this.forwards = new ForwardPasses(host.netns(), owner.alias("forward"));
    this.range = settings.range();
    this.overlayName = settings.name();
    this.vxlan = settings.vxlan();
    this.underlayName = settings.underlay();
    this.overlay = new OverlayDevice(host, links, owner, settings);
    this.forwarding = new Forwarding(host, owner, LOCKS);
    this.podLinks = new PodBridge(host, links, owner, range, forwarding);
    this.tunnels = TunnelDevice.owner(links);
    this.wireguard =
        devices
            .map(d -> WireguardPart.of(host, owner, forwarding, settings.wireguard(), d))
            .orElseGet(() -> WireguardPart.open(host, owner, forwarding, settings.wireguard()));
    this.table = new RouteTable(netlink);
    this.probe = new OverlayProbe(host.netns());
    this.reach = new OverlayProbe(host.netns());
  }

  /**
   * Takes a namespace, which is closed with the result.
   *
   * @throws WeftException CONFLICT if another node has the namespace
   */
  static SubnetKernel open(OpenNetns host, NodeLinks links, OverlaySettings settings)
      throws IOException {
    return open(host, links, settings, Optional.empty());
  }

  /**
   * As {@link #open(OpenNetns, NodeLinks, OverlaySettings)}.
   *
   * @param devices of WireGuard; empty for the kernel's
   */
  static SubnetKernel open(
      OpenNetns host, NodeLinks links, OverlaySettings settings, Optional<WireguardDevices> devices)
      throws IOException {
    try {
      SubnetKernel opened = new SubnetKernel(host, lock(host.netns()), links, settings, devices);
      opened.removeRecords();
      return opened;
    } catch (IOException | RuntimeException e) {
      host.close();
      throw e;
    }
  }

  /** Ensures that one node alone keeps the routes of a namespace; CONFLICT if another one does. */
  private static FileLock lock(Netns netns) throws IOException {
    Files.createDirectories(LOCKS);
    // One for all namespaces: files of namespaces that are gone would stay until the host's
    // restart.
    Path file = LOCKS.resolve("subnets.lock");
    return LockFile.take(file, netns.inode())
        .orElseThrow(
            () ->
                Fault.CONFLICT.because(
                    "another node keeps the routes of this network namespace, lock "
                        + file
                        + " (expected: one node in each namespace)"));
  }

  /** What is left of other namespaces is no reason not to start. */
  private void removeRecords() {
    try {
      forwarding.removeOthers(LiveNetns::cookies);
    } catch (IOException e) {
      log.info("records of former settings not removed: {}", e.getMessage());
    }
  }

  /**
   * Brings the kernel to what is wanted. A route or a pod that fails stops no other, nor does the
   * overlay.
   */
  Observed reconcile(Wanted asked) throws IOException {
    Map<Trouble, String> troubles = new EnumMap<>(Trouble.class);
    if (asked.second().isPresent()) {
      noIpv6().ifPresent(why -> troubles.put(Trouble.SECOND, why));
    }
    Wanted wanted = troubles.containsKey(Trouble.SECOND) ? asked.single() : asked;
    if (!rangeIsFree) {
      rival = table.rival(range, ownDevices());
      // Asked until the range is free: a rival that comes later does not stop a working network.
      rangeIsFree = rival.isEmpty();
    }
    Optional<Underlay> underlay =
        overlayName.isEmpty() || (!vxlan && wireguard.refusal().isPresent())
            ? Optional.empty()
            : underlay(wanted);
    Optional<Integer> wireguardMtu = WireguardPart.mtu(underlay, wanted);
    WireguardSeen seen =
        rangeIsFree ? wireguard.reconcile(wanted, wireguardMtu) : WireguardSeen.NONE;
    Optional<Link> device = Optional.empty();
    Optional<VxlanFence> fence = Optional.empty();
    List<Route> routes = new ArrayList<>();
    Map<Cidr, String> problems = new HashMap<>();
    boolean hasSubnet = rangeIsFree && wanted.own().isPresent();
    boolean hasPeers = hasSubnet && underlay.isPresent();
    if (hasPeers && wanted.peers().stream().anyMatch(p -> p.carrier() == PacketCarrier.VXLAN)) {
      Underlay carrier = underlay.get();
      try {
        device = Optional.of(thread.await(at -> overlay.ensure(carrier, parts(wanted))));
        forwarding.pass(device.get().name(), true);
      } catch (IOException | WeftException e) {
        device = overlay.find();
        String why = e.getMessage();
        troubles.put(Trouble.OVERLAY, why);
        if (device.isEmpty()) {
          wanted.peers().stream()
              .filter(peer -> peer.carrier() == PacketCarrier.VXLAN)
              .flatMap(peer -> peer.subnets().stream())
              .forEach(to -> problems.put(to, why));
        }
      }
    } else if (overlayName.isPresent()) {
      device = overlay.find();
    }
    if (device.isPresent()) {
      // Also of those that have gone over to a tunnel: until the routes follow, packets go by here.
      List<Wanted.Peer> peers =
          wanted.peers().stream().filter(p -> hasPeers && p.endpoint() != null).toList();
      boolean flood = wanted.injected().containsValue(device.get().name());
      overlay.reach(device.get(), peers, flood);
      fence = fence(peers, wanted, device.get().name());
      for (Wanted.Peer peer : peers) {
        if (peer.carrier() == PacketCarrier.VXLAN) {
          routes.addAll(routes(peer, device.get(), underlay.map(Underlay::vxlanMtu).orElse(0)));
        } else if (peer.carrier() == PacketCarrier.NONE && peer.wireguard() == null) {
          // For the probe alone, which finds out when the way is there again.
          routes.add(Route.onLink(Cidr.host(peer.router()), device.get().index()));
        }
      }
    }
    if (hasSubnet) {
      routes.addAll(throughTunnels(wanted.peers(), problems));
      for (Wanted.Peer peer : wanted.peers()) {
        boolean tunnelled =
            peer.carrier() == PacketCarrier.MESH || peer.carrier() == PacketCarrier.VXLAN;
        if (peer.wireguard() != null && !tunnelled) {
          routes.addAll(wireguard.routes(peer, seen, wireguardMtu.orElse(0), problems));
        }
      }
    }
    routes.addAll(injected(wanted, problems));
    RouteTable.Outcome outcome =
        table.reconcile(routes, wanted.injected().keySet(), this::madeDevices);
    problems.putAll(outcome.problems());
    if (!vxlan && device.isPresent()) {
      removeOverlay();
      device = Optional.empty();
    }
    if (settings.wireguard() == 0) {
      wireguard.remove();
    }
    if (seen.trouble() != null) {
      troubles.put(Trouble.WIREGUARD, seen.trouble());
    }
    int mtu =
        wireguardMtu.orElseGet(
            () -> vxlan ? underlay.map(Underlay::vxlanMtu).orElse(0) : TunnelDevice.MTU);
    Map<PodRef, String> podProblems = pods(wanted, mtu > 0 ? mtu : lone());
    forwarding.answerForOthers(
        PodBridge.BRIDGE,
        wanted.own().filter(own -> wanted.peers().stream().anyMatch(p -> p.isIn(own))).isPresent());
    troubles.putAll(pass(wanted, hasSubnet, fence, device));
    Set<PodRef> attached = new HashSet<>();
    wanted.pods().forEach(pod -> attached.add(pod.pod()));
    attached.removeAll(podProblems.keySet());
    return new Observed(
        device.map(Link::name).orElse(null),
        underlay.map(Underlay::address).orElse(null),
        mtu,
        problems,
        attached,
        podProblems,
        rival.orElse(null),
        troubles,
        changes(outcome),
        seen,
        null);
  }

  /**
   * @param mtu of the device, bytes; 0 if the route needs none of its own
   */
  static List<Route> routes(Wanted.Peer peer, Link through, int mtu) {
    int least = peer.pathMtu(mtu);
    return peer.subnets().stream()
        .map(to -> Route.via(to, new AddressPool(to).router(), through.index()))
        .map(route -> mtu == 0 || least == mtu ? route : route.withMtu(least))
        .toList();
  }

  /** This node's own subnets, which the caller knows to be there. */
  private static List<Cidr> parts(Wanted wanted) {
    return SecondRange.both(wanted.own().orElseThrow(), wanted.second());
  }

  /** Why the second range is not used here. */
  private Optional<String> noIpv6() throws LinuxException {
    Cidr second = settings.second().orElseThrow();
    try {
      if (!Sysctl.read(host.netns(), NO_IPV6).equals("0")) {
        return Optional.of(NO_IPV6 + " = 1 (expected: 0)");
      }
    } catch (LinuxException e) {
      return Optional.of("this host has no IPv6");
    }
    Optional<String> other = secondIsFree ? Optional.empty() : table.rival(second, ownDevices());
    secondIsFree = other.isEmpty();
    return other.map(
        route -> "subnets.cidr6 " + second + " overlaps a route of this host: " + route);
  }

  private List<Route> throughTunnels(List<Wanted.Peer> peers, Map<Cidr, String> problems)
      throws LinuxException {
    List<Route> routes = new ArrayList<>();
    for (Wanted.Peer peer : peers) {
      if (peer.carrier() == PacketCarrier.MESH) {
        Optional<Link> tunnel =
            netlink
                .link(TunnelDevice.nameOf(peer.node()))
                .filter(link -> tunnels.owns(link, peer.node()));
        if (tunnel.isPresent()) {
          routes.addAll(routes(peer, tunnel.get(), 0));
        } else {
          String why = "the tunnel to node " + peer.name() + " is not there yet";
          peer.subnets().forEach(to -> problems.put(to, why));
        }
      }
    }
    return routes;
  }

  /** Which packets the overlay takes; empty for all. */
  private Optional<VxlanFence> fence(List<Wanted.Peer> peers, Wanted wanted, String device) {
    Set<VxlanFence.Sender> senders = new HashSet<>(wanted.agents());
    for (Wanted.Peer peer : peers) {
      peer.subnets().forEach(in -> senders.add(new VxlanFence.Sender(peer.endpoint(), in)));
    }
    Set<Cidr> behind = new HashSet<>();
    wanted
        .injected()
        .forEach(
            (to, through) -> {
              if (through.equals(device)) {
                behind.add(to);
              }
            });
    return settings.fence()
        ? Optional.of(new VxlanFence(settings.port(), settings.vni(), senders, behind))
        : Optional.empty();
  }

  /** Has packets of pods pass this host, and those of strangers not. */
  private Map<Trouble, String> pass(
      Wanted wanted, boolean hasSubnet, Optional<VxlanFence> fence, Optional<Link> device) {
    boolean hasPods = hasSubnet && !wanted.pods().isEmpty();
    List<Cidr> own = hasPods ? parts(wanted) : List.of();
    List<Cidr> ranges =
        SecondRange.both(range, wanted.second().isPresent() ? settings.second() : Optional.empty());
    Optional<PacketRules.Masquerade> masquerade =
        settings.masquerade() && hasPods
            ? Optional.of(new PacketRules.Masquerade(own, ranges, device.map(Link::name)))
            : Optional.empty();
    Map<Trouble, String> troubles =
        packets.ensure(
            new PacketRules(
                fence, masquerade, settings.fence() ? wireguard.fence(wanted) : Optional.empty()));
    forwards
        .ensure(ForwardPasses.passes(own, ranges, settings.masquerade()))
        .ifPresent(why -> troubles.put(Trouble.FORWARD, why));
    return troubles;
  }

  /** Attaches the pods; the reason for each that is not attached. */
  private Map<PodRef, String> pods(Wanted wanted, int mtu) {
    String why = rival.map(r -> "the range overlaps " + r).orElse("no subnet yet");
    if (rangeIsFree && wanted.own().isPresent()) {
      try {
        return podLinks.reconcile(parts(wanted), wanted.pods(), mtu);
      } catch (IOException | WeftException e) {
        // The bridge failed: whether any pod is attached is not known.
        why = e.getMessage();
      }
    }
    Map<PodRef, String> problems = new HashMap<>();
    for (Wanted.PodEnd pod : wanted.pods()) {
      problems.put(pod.pod(), why);
    }
    return problems;
  }

  /** Why this node has no WireGuard; empty if it has. */
  Optional<String> noWireguard() {
    return wireguard.refusal();
  }

  RouteTable routes() {
    return table;
  }

  /** For members that are away. */
  OverlayProbe probe() {
    return probe;
  }

  /** For members that are here. */
  OverlayProbe reach() {
    return reach;
  }

  /**
   * Removes all that this room made in the namespace.
   *
   * @param injected destinations of routes through devices that the room did not make
   */
  void removeAll(Set<Cidr> injected) throws IOException {
    table.reconcile(List.of(), injected, this::madeDevices);
    podLinks.remove();
    forwarding.giveBack();
    removeRules();
    removeOverlay();
    wireguard.remove();
  }

  private void removeRules() {
    try {
      packets.remove();
      forwards.remove();
    } catch (LinuxException e) {
      // A kernel without nf_tables has no such table.
      log.info("the node's rules of nf_tables not removed: {}", e.getMessage());
    }
  }

  private void removeOverlay() throws IOException {
    thread.await(
        at -> {
          overlay.remove();
          return null;
        });
  }

  @Override
  public void close() throws IOException {
    wireguard.close();
    probe.close();
    reach.close();
    packets.close();
    forwards.close();
    host.close();
    lock.channel().close();
  }

  private Optional<Underlay> underlay(Wanted wanted) throws LinuxException {
    if (underlayName.isPresent()) {
      boolean four = wanted.members().stream().allMatch(Inet4Address.class::isInstance);
      return Underlay.of(netlink, underlayName.get(), four);
    }
    return Underlay.towardsFirst(netlink, wanted.members());
  }

  private int lone() {
    return range.address() instanceof Inet4Address ? LONE_MTU : LONE_MTU_V6;
  }

  private Set<Integer> madeDevices() throws LinuxException {
    return netlink.links().stream()
        .filter(link -> owner.owns(link) || tunnels.owns(link))
        .map(Link::index)
        .collect(Collectors.toSet());
  }

  private List<Integer> ownDevices() throws LinuxException {
    List<Integer> devices = new ArrayList<>();
    for (String name : List.of(PodBridge.BRIDGE, overlayName.orElse(PodBridge.BRIDGE))) {
      // Also a vxlan100 of another quilt agent, whose routes lead to parts of the same range.
      netlink.link(name).ifPresent(link -> devices.add(link.index()));
    }
    overlay.find().ifPresent(link -> devices.add(link.index()));
    // Addresses of IPv6 on WireGuard's and tunnels' devices have routes that the kernel makes.
    devices.addAll(madeDevices());
    return devices;
  }

  private List<Route> injected(Wanted wanted, Map<Cidr, String> problems) throws LinuxException {
    Map<Cidr, String> intents = new HashMap<>(wanted.injected());
    // Those that were injected before there was such a subnet: they would shadow a part of it.
    if (wanted.own().isPresent()) {
      for (Cidr own : parts(wanted)) {
        yieldTo(intents, own, problems, "in this node's own subnet " + own);
      }
    }
    for (Wanted.Peer peer : wanted.peers()) {
      if (peer.carrier() != PacketCarrier.NONE) {
        for (Cidr subnet : peer.subnets()) {
          yieldTo(intents, subnet, problems, "in the subnet " + subnet + " of node " + peer.name());
        }
      }
    }
    Map<String, Optional<Link>> devices = new HashMap<>();
    List<Route> routes = new ArrayList<>(intents.size());
    for (Map.Entry<Cidr, String> intent : intents.entrySet()) {
      String name = intent.getValue();
      Optional<Link> device = devices.get(name);
      if (device == null) {
        device = netlink.link(name);
        devices.put(name, device);
      }
      if (device.isPresent()) {
        routes.add(Route.onLink(intent.getKey(), device.get().index()));
      } else {
        problems.put(intent.getKey(), "interface: " + name + " (expected: one of this host)");
      }
    }
    return routes;
  }

  /** Takes out what is inside of a subnet; the subnet itself has its route. */
  private static void yieldTo(
      Map<Cidr, String> intents, Cidr subnet, Map<Cidr, String> problems, String why) {
    intents
        .keySet()
        .removeIf(
            to -> {
              boolean inside = subnet.contains(to);
              if (inside && !to.equals(subnet)) {
                problems.put(to, "yields: " + why + " (expected: another destination)");
              }
              return inside;
            });
  }

  private List<RouteChanged> changes(RouteTable.Outcome outcome) throws LinuxException {
    Map<Integer, String> names = new HashMap<>();
    List<RouteChanged> changes = new ArrayList<>();
    for (Route route : outcome.removed()) {
      changes.add(change(route, names, false));
    }
    for (Route route : outcome.added()) {
      changes.add(change(route, names, true));
    }
    return changes;
  }

  private RouteChanged change(Route route, Map<Integer, String> names, boolean added)
      throws LinuxException {
    String name = names.get(route.ifindex());
    if (name == null) {
      name = netlink.link(route.ifindex()).map(Link::name).orElse("?");
      names.put(route.ifindex(), name);
    }
    return new RouteChanged(route.destination().toString(), name, added);
  }
}
