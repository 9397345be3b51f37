package dev.weft.wire.kernel;

import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import dev.weft.net.Underlay;
import dev.weft.wire.NicUse;
import dev.weft.wire.WireSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which interfaces of the host can be ends of wires, as they are. They are never changed. */
final class HostNics {
  /** What has a device of its own below it, and sends and receives by that. */
  private static final Set<String> STACKED = Set.of("vlan", "macvlan", "macvtap", "ipvlan");

  private final Netlink onHost;
  private final List<InetAddress> nodes;

  /**
   * @param nodes addresses by which this node and others are reached
   */
  HostNics(Netlink onHost, List<InetAddress> nodes) {
    this.onHost = onHost;
    this.nodes = nodes;
  }

  /**
   * The interface that an end names.
   *
   * @param mtu of the wire, bytes
   * @throws dev.weft.bus.WeftException PRECONDITION for one that is missing, down, or without
   *     carrier, CONFLICT for one that wires are not to use
   */
  Link check(WireSpec.End end, int mtu) throws IOException {
    Link nic =
        onHost
            .link(end.intf())
            .orElseThrow(() -> wrong(end, Fault.PRECONDITION, "is not there", "an existing one"));
    if (nic.name().equals("lo") || nic.mac().isEmpty()) {
      throw wrong(end, Fault.CONFLICT, "has no Ethernet", "an Ethernet interface");
    }
    if (nic.alias().startsWith("weft:")) {
      throw wrong(end, Fault.CONFLICT, "is Weft's own, " + nic.alias(), "one of the host's");
    }
    if (nic.master() != 0) {
      String master = onHost.link(nic.master()).map(Link::name).orElse("link " + nic.master());
      throw wrong(end, Fault.CONFLICT, "is a port of " + master, "no port; " + master + " itself");
    }
    if (end.nic() != NicUse.USE_UNDERLAY) {
      Optional<String> own = Optional.ofNullable(underlay().get(nic.index()));
      if (own.isPresent()) {
        throw wrong(
            end,
            Fault.CONFLICT,
            "carries this node's own traffic: " + own.get(),
            "another one, or nic: " + NicUse.USE_UNDERLAY);
      }
    }
    if (!nic.up() || !nic.carrier()) {
      String state = nic.up() ? "has no carrier" : "is down";
      throw wrong(end, Fault.PRECONDITION, state, "up, with a carrier");
    }
    if (nic.mtu() < mtu) {
      throw wrong(end, Fault.PRECONDITION, "has MTU " + nic.mtu(), "the wire's at least, " + mtu);
    }
    return nic;
  }

  private static RuntimeException wrong(WireSpec.End end, Fault fault, String is, String expected) {
    return fault.because(
        "interface %s of the host %s (expected: %s)".formatted(end.intf(), is, expected));
  }

  /** The interfaces over which the node reaches others, with the reason, by index. */
  private Map<Integer, String> underlay() throws LinuxException {
    Map<Integer, String> found = new HashMap<>();
    for (Route route : onHost.routes()) {
      if (route.destination().prefixLength() == 0 && route.ifindex() != 0) {
        found.put(route.ifindex(), "the default route");
      }
    }
    for (InetAddress node : nodes) {
      if (!node.isLoopbackAddress()) {
        String address = IpAddress.format(node);
        Underlay.towards(onHost, node)
            .ifPresent(u -> found.put(u.ifindex(), "the way to " + address));
        Underlay.holding(onHost, node)
            .ifPresent(u -> found.put(u.ifindex(), "its address " + address));
      }
    }
    List<Link> links = onHost.links();
    // A VLAN of a bond of two NICs: three rounds down.
    for (int round = 0; round < 4; round++) {
      for (Link link : links) {
        boolean isBelow = STACKED.contains(link.kind()) && link.peerNetnsId() < 0;
        if (found.containsKey(link.index()) && isBelow) {
          found.putIfAbsent(link.peerIndex(), found.get(link.index()) + ", by " + link.name());
        }
        if (found.containsKey(link.master())) {
          String above =
              links.stream()
                  .filter(l -> l.index() == link.master())
                  .map(Link::name)
                  .findFirst()
                  .orElse("");
          found.putIfAbsent(link.index(), found.get(link.master()) + ", by " + above);
        }
      }
    }
    return found;
  }
}
