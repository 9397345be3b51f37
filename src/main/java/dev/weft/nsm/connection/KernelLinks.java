package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.Route;
import dev.weft.linux.Sysctl;
import dev.weft.linux.VethSpec;
import dev.weft.linux.VxlanSpec;
import dev.weft.net.LinkOwnership;
import dev.weft.net.OpenNetns;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The kernel's part of connections. All calls block; every link made here carries the alias {@code
 * weft:<node id>:nsm:<connection id>}, and nothing without it is ever changed.
 */
public final class KernelLinks {
  private static final int VXLAN_PORT = 4789;

  private final String mark;

  public KernelLinks(String nodeId) {
    this.mark = "weft:" + nodeId + ":nsm:";
  }

  /**
   * What a namespace has that is not ours.
   *
   * @param identity its cookie
   * @param names of all its links
   * @param prefixes of its links' addresses and its routes but default ones, without those of ours
   */
  public record View(long identity, Set<String> names, List<Cidr> prefixes) {
    public boolean collides(Cidr prefix) {
      return prefixes.stream().anyMatch(p -> p.overlaps(prefix));
    }
  }

  public View view(String ref) throws IOException {
    try (Netns netns = Netns.open(ref);
        Netlink in = Netlink.open(netns)) {
      Set<Integer> ours = new HashSet<>();
      Set<String> names = new HashSet<>();
      for (Link link : in.links()) {
        names.add(link.name());
        if (link.alias().startsWith(mark)) {
          ours.add(link.index());
        }
      }
      List<Cidr> prefixes = new ArrayList<>();
      in.addresses().stream()
          .filter(a -> !ours.contains(a.ifindex()))
          .forEach(a -> prefixes.add(a.cidr()));
      in.routes().stream()
          .filter(r -> !ours.contains(r.ifindex()) && r.destination().prefixLength() > 0)
          .forEach(r -> prefixes.add(r.destination()));
      return new View(netns.cookie(), names, prefixes);
    }
  }

  /** Joins client and endpoint of this node by a veth pair; on a failure nothing is left. */
  public void joinVeth(Connection c, OpenNetns client, OpenNetns endpoint) throws IOException {
    int mtu = c.link().mtu();
    VethSpec.Peer peer = new VethSpec.Peer(endpoint.netns(), c.endpoint().intf(), mtu);
    Netlink inClient = client.netlink();
    Netlink inEndpoint = endpoint.netlink();
    Link link =
        inClient.createVeth(
            new VethSpec(c.client().intf(), mtu, mark + c.id(), false, false, peer));
    try {
      inEndpoint.setNoLinkLocal(link.peerIndex());
      inEndpoint.setAlias(link.peerIndex(), mark + c.id());
      inEndpoint.addAddress(link.peerIndex(), c.endpointAddress());
      inEndpoint.setUp(link.peerIndex());
      inClient.setNoLinkLocal(link.index());
      inClient.addAddress(link.index(), c.clientAddress());
      inClient.setUp(link.index());
      route(inClient, link, c);
    } catch (IOException | RuntimeException e) {
      inClient.delete(link.index());
      throw e;
    }
  }

  /** Makes this node's end of a VXLAN in a pod; on a failure nothing is left. */
  public void joinVxlan(Connection c, boolean client, InetAddress here, InetAddress there)
      throws IOException {
    String netns = client ? c.client().netns() : c.endpoint().netns();
    long identity = client ? c.client().identity() : c.endpoint().identity();
    String intf = client ? c.client().intf() : c.endpoint().intf();
    // Made in this process's namespace, where the underlay is; its socket stays there.
    String made = "x" + c.id().substring(0, 14);
    try (OpenNetns pod = OpenNetns.open(netns, identity);
        Netlink own = Netlink.open()) {
      Netlink inPod = pod.netlink();
      Link tunnel =
          own.createVxlan(
              new VxlanSpec(
                  made,
                  c.link().vni(),
                  here,
                  Optional.of(there),
                  VXLAN_PORT,
                  0,
                  true,
                  c.link().mtu()));
      try {
        own.setAlias(tunnel.index(), mark + c.id());
        own.moveTo(tunnel.index(), pod.netns(), intf);
      } catch (IOException | RuntimeException e) {
        own.delete(tunnel.index());
        throw e;
      }
      Link end = inPod.require(intf);
      try {
        announce(pod.netns(), intf);
        inPod.addAddress(end.index(), client ? c.clientAddress() : c.endpointAddress());
        inPod.setUp(end.index());
        if (client) {
          route(inPod, end, c);
        }
      } catch (IOException | RuntimeException e) {
        inPod.delete(end.index());
        throw e;
      }
    }
  }

  /** Adds the routes of a connection whose interface another room has made. */
  public void route(Connection c) throws IOException {
    try (OpenNetns client = OpenNetns.open(c.client().netns(), c.client().identity())) {
      Netlink in = client.netlink();
      route(in, in.require(c.client().intf()), c);
    }
  }

  /**
   * Removes our links of connections from a namespace; that it or they are gone already is fine.
   *
   * @param interfaces their names, by connection
   * @return the connections whose links were there
   */
  public Set<String> remove(String ref, Map<String, String> interfaces) throws IOException {
    Optional<Netns> netns = openIfThere(ref);
    if (netns.isEmpty()) {
      return Set.of();
    }
    try (Netns there = netns.get();
        Netlink in = Netlink.open(there)) {
      Map<String, Integer> ours = new HashMap<>();
      for (Map.Entry<String, String> entry : interfaces.entrySet()) {
        in.link(entry.getValue())
            .filter(link -> link.alias().equals(mark + entry.getKey()))
            .ifPresent(link -> ours.put(entry.getKey(), link.index()));
      }
      in.delete(List.copyOf(ours.values()));
      return ours.keySet();
    }
  }

  /** Removes links of connections that nobody keeps; that the namespace is gone is fine. */
  public void sweep(String ref, Set<String> kept) throws IOException {
    Optional<Netns> there = openIfThere(ref);
    if (there.isEmpty()) {
      return;
    }
    try (Netns netns = there.get();
        Netlink in = Netlink.open(netns)) {
      new LinkOwnership(mark).sweep(in, kept);
    }
  }

  /** The names of the links of ours in a namespace, by connection. Empty if it is gone. */
  public Map<String, Set<String>> ours(String ref) throws IOException {
    Optional<Netns> netns = openIfThere(ref);
    if (netns.isEmpty()) {
      return Map.of();
    }
    try (Netns there = netns.get();
        Netlink in = Netlink.open(there)) {
      return in.links().stream()
          .filter(l -> l.alias().startsWith(mark))
          .collect(
              Collectors.groupingBy(
                  l -> l.alias().substring(mark.length()),
                  Collectors.mapping(Link::name, Collectors.toSet())));
    }
  }

  private static void route(Netlink in, Link link, Connection c) throws IOException {
    InetAddress gateway = c.endpointAddress().address();
    for (String destination : c.link().routes()) {
      Route route = Route.via(Cidr.parse(destination), gateway, link.index());
      // The same route may stand from before a restart; anyone else's is not replaced.
      boolean there =
          in.routes(Route.PROTOCOL).stream()
              .anyMatch(
                  r -> r.destination().equals(route.destination()) && r.ifindex() == link.index());
      if (!there) {
        in.addRoute(route);
      }
    }
  }

  /** The kernel itself tells the neighbours when the link comes up (gratuitous ARP). */
  private static void announce(Netns netns, String intf) throws LinuxException {
    Sysctl.write(netns, "net/ipv4/conf/" + intf + "/arp_notify", "1");
  }

  private static Optional<Netns> openIfThere(String ref) {
    try {
      return Optional.of(Netns.open(ref));
    } catch (LinuxException gone) {
      return Optional.empty();
    }
  }
}
