package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.PortFence;
import dev.weft.linux.Route;
import dev.weft.linux.Wireguard;
import dev.weft.net.LinkOwnership;
import dev.weft.net.OpenNetns;
import dev.weft.net.Underlay;
import dev.weft.net.WireguardDevices;
import dev.weft.subnet.wireguard.WireguardMember;
import dev.weft.subnet.wireguard.WireguardOverlay;
import dev.weft.subnet.wireguard.WireguardSeen;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What of a pass concerns the kernel's WireGuard. For one thread. */
final class WireguardPart implements AutoCloseable {
  private static final String LOAD =
      "this kernel has no WireGuard (expected: the module wireguard, which Linux has since 5.6;"
          + " load it with modprobe wireguard, or set subnets.carrier: mesh)";

  private final OpenNetns host;
  private final LinkOwnership owner;
  private final Forwarding forwarding;
  private final Optional<WireguardOverlay> overlay;
  private final String refusal;

  /** As of the last pass that could look. */
  private WireguardSeen last = WireguardSeen.NONE;

  private WireguardPart(
      OpenNetns host,
      LinkOwnership owner,
      Forwarding forwarding,
      Optional<WireguardOverlay> overlay,
      String refusal) {
    this.host = host;
    this.owner = owner;
    this.forwarding = forwarding;
    this.overlay = overlay;
    this.refusal = refusal;
  }

  /**
   * @param port the first of two UDP ports; 0 for no WireGuard
   */
  static WireguardPart open(OpenNetns host, LinkOwnership owner, Forwarding forwarding, int port) {
    if (port == 0) {
      return new WireguardPart(host, owner, forwarding, Optional.empty(), "not wanted");
    }
    try {
      Wireguard kernel = Wireguard.open(host.netns());
      return of(host, owner, forwarding, port, WireguardDevices.of(host.netlink(), kernel));
    } catch (LinuxException e) {
      String why = e.errnoName().equals("ENOENT") ? LOAD : e.getMessage();
      return new WireguardPart(host, owner, forwarding, Optional.empty(), why);
    }
  }

  static WireguardPart of(
      OpenNetns host,
      LinkOwnership owner,
      Forwarding forwarding,
      int port,
      WireguardDevices devices) {
    WireguardOverlay overlay =
        new WireguardOverlay(
            host.netlink(), owner, devices, port, () -> Instant.now().getEpochSecond());
    return new WireguardPart(host, owner, forwarding, Optional.of(overlay), null);
  }

  /** Why this node has no WireGuard; empty if it has. */
  Optional<String> refusal() {
    return Optional.ofNullable(refusal);
  }

  /** The longest packet that gets to peers by WireGuard; empty if there is no such peer. */
  static Optional<Integer> mtu(Optional<Underlay> underlay, Wanted wanted) {
    return underlay
        .filter(u -> wanted.peers().stream().anyMatch(peer -> peer.wireguard() != null))
        .map(u -> WireguardOverlay.mtu(u.mtu(), u.address() instanceof Inet4Address));
  }

  /** Makes the devices that the peers need. */
  WireguardSeen reconcile(Wanted wanted, Optional<Integer> mtu) {
    if (overlay.isEmpty() || mtu.isEmpty() || wanted.own().isEmpty()) {
      return WireguardSeen.NONE;
    }
    List<WireguardMember> members = new ArrayList<>();
    for (Wanted.Peer peer : wanted.peers()) {
      if (peer.wireguard() != null) {
        members.add(
            new WireguardMember(
                peer.node(),
                peer.endpoint(),
                peer.subnets(),
                peer.wireguard().keys(),
                peer.wireguard().sendsBy()));
      }
    }
    List<Cidr> routers =
        SecondRange.both(wanted.own().get(), wanted.second()).stream()
            .map(own -> Cidr.host(new AddressPool(own).router()))
            .toList();
    try {
      WireguardSeen seen = overlay.get().reconcile(routers, mtu.get(), members);
      for (String name : overlay.get().names()) {
        forwarding.pass(name, true);
      }
      last = seen;
      return seen;
    } catch (LinuxException | WeftException e) {
      // The keys that were announced stay so: without them members would drop this node.
      return last.but(e.getMessage());
    }
  }

  /** The routes to a peer; the reason is noted if there is no device to lead them through. */
  List<Route> routes(Wanted.Peer peer, WireguardSeen seen, int mtu, Map<Cidr, String> problems)
      throws LinuxException {
    String name = seen.devices().get(peer.node());
    Optional<Link> device =
        name == null ? Optional.empty() : host.netlink().link(name).filter(owner::owns);
    if (device.isPresent() && peer.carrier() == PacketCarrier.NONE) {
      // For the probe alone.
      return List.of(Route.onLink(Cidr.host(peer.router()), device.get().index()));
    }
    if (device.isPresent()) {
      return SubnetKernel.routes(peer, device.get(), mtu);
    }
    if (peer.carrier() == PacketCarrier.WIREGUARD) {
      String why = seen.trouble() == null ? "there is no WireGuard device yet" : seen.trouble();
      peer.subnets().forEach(to -> problems.put(to, why));
    }
    return List.of();
  }

  /** Who may send to the devices' ports. */
  Optional<PortFence> fence(Wanted wanted) {
    Set<InetAddress> senders = new HashSet<>();
    for (Wanted.Peer peer : wanted.peers()) {
      if (peer.wireguard() != null) {
        senders.add(peer.endpoint());
      }
    }
    // Not the ports of somebody else's WireGuard, which Weft's own could not take.
    return overlay
        .filter(open -> !senders.isEmpty() && !open.ports().isEmpty())
        .map(open -> new PortFence(open.ports(), senders));
  }

  /** Removes the node's devices, also those of a time when it was to have some. */
  void remove() throws LinuxException {
    WireguardOverlay.removeAll(host.netlink(), owner);
  }

  @Override
  public void close() {
    overlay.ifPresent(WireguardOverlay::close);
  }
}
