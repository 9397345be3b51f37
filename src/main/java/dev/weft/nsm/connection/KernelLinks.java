package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import dev.weft.linux.Sysctl;
import dev.weft.linux.VxlanSpec;
import dev.weft.net.LinkEnd;
import dev.weft.net.LinkOwnership;
import dev.weft.net.LinkThread;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNamespaces;
import dev.weft.net.OpenNetns;
import dev.weft.net.VethPair;
import dev.weft.net.Vxlans;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.UnsetRoute;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The kernel's part of connections, on the node's thread for links. */
public final class KernelLinks {
  private final LinkThread thread;
  private final Vxlans vxlans;
  private final LinkOwnership owner;
  private final boolean six;

  /**
   * @param six whether connections have IPv6 addresses
   */
  public KernelLinks(NodeLinks links, boolean six) {
    this.six = six;
    this.thread = links.thread();
    this.vxlans = links.vxlans();
    this.owner = links.of("nsm");
  }

  /**
   * What a namespace has that is not ours.
   *
   * @param identity its cookie
   * @param names of all its links
   * @param six whether a new link there can have IPv6 addresses
   * @param prefixes of its links' addresses and its routes but default ones, without those of ours
   */
  public record View(long identity, Set<String> names, boolean six, List<Cidr> prefixes) {
    public boolean collides(Cidr prefix) {
      return prefixes.stream().anyMatch(p -> p.overlaps(prefix));
    }
  }

  /** PRECONDITION if the namespace cannot be used. */
  public Future<View> view(String ref) {
    return thread
        .change(at -> look(ref))
        .recover(e -> Future.failedFuture(Fault.PRECONDITION.because(e.getMessage(), e)));
  }

  private View look(String ref) throws LinuxException {
    try (OpenNetns netns = OpenNetns.open(ref)) {
      Netlink in = netns.netlink();
      Set<Integer> ours = new HashSet<>();
      Set<String> names = new HashSet<>();
      for (Link link : in.links()) {
        names.add(link.name());
        if (owner.owns(link)) {
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
      return new View(netns.identity(), names, six && hasSix(netns), prefixes);
    }
  }

  /** False too where the kernel has no IPv6. */
  private static boolean hasSix(OpenNetns netns) {
    try {
      return Sysctl.read(netns.netns(), "net/ipv6/conf/default/disable_ipv6").equals("0");
    } catch (LinuxException none) {
      return false;
    }
  }

  /** Joins client and endpoint of this node by a veth pair; on a failure nothing is left. */
  public Future<List<UnsetRoute>> joinVeth(Connection c) {
    return thread.change(
        at -> {
          LinkEnd client = client(at, c);
          LinkEnd endpoint = endpoint(at, c);
          // A router without a link-local address asks for no neighbour of what it forwards.
          boolean four = c.prefix6().isEmpty();
          Link link =
              VethPair.create(
                  owner.alias(c.id()),
                  four ? client.withoutLinkLocal() : client,
                  four ? endpoint.withoutLinkLocal() : endpoint);
          return route(client, link, c);
        });
  }

  /** Makes this node's end of a VXLAN in a pod; on a failure nothing is left. */
  public Future<List<UnsetRoute>> joinVxlan(Connection c, boolean client) {
    return thread.change(
        at -> {
          LinkEnd end = client ? client(at, c) : endpoint(at, c);
          VxlanSpec device =
              new VxlanSpec(
                  end.name(),
                  c.link().vni(),
                  IpAddress.parse(c.link().here()),
                  Optional.of(IpAddress.parse(c.link().there())),
                  Vxlans.PORT,
                  0,
                  true,
                  c.link().mtu());
          Link link = vxlans.create(at.host().netlink(), end, device, owner.alias(c.id()));
          return client ? route(end, link, c) : List.of();
        });
  }

  private static LinkEnd client(OpenNamespaces at, Connection c) throws LinuxException {
    OpenNetns netns = at.at(c.client().netns(), c.client().identity());
    return LinkEnd.ofPod(netns, c.client().intf(), c.link().mtu(), "pod " + c.client().pod())
        .withAddresses(both(c.clientAddress(), c.clientAddress6()));
  }

  private static LinkEnd endpoint(OpenNamespaces at, Connection c) throws LinuxException {
    OpenNetns netns = at.at(c.endpoint().netns(), c.endpoint().identity());
    String where = "endpoint " + c.endpoint().provider();
    return LinkEnd.ofPod(netns, c.endpoint().intf(), c.link().mtu(), where)
        .withAddresses(both(c.endpointAddress(), c.endpointAddress6()));
  }

  private static List<Cidr> both(Cidr four, Optional<Cidr> six) {
    return Stream.concat(Stream.of(four), six.stream()).toList();
  }

  /** Adds the client's routes by a link that was just made, which is removed on a failure. */
  private static List<UnsetRoute> route(LinkEnd client, Link link, Connection c)
      throws IOException {
    Netlink in = client.at().netlink();
    try {
      return route(in, link, c);
    } catch (IOException | RuntimeException e) {
      in.delete(link.index());
      throw e;
    }
  }

  /** Adds the routes of a connection whose interface another room has made. */
  public Future<List<UnsetRoute>> route(Connection c) {
    return thread.change(
        at -> {
          Netlink in = at.at(c.client().netns(), c.client().identity()).netlink();
          return route(in, in.require(c.client().intf()), c);
        });
  }

  private static List<UnsetRoute> route(Netlink in, Link link, Connection c) throws IOException {
    int metric = c.client().routing().metric();
    Gateways gateways = Gateways.ofEndpoint(c);
    // Routes may stand from before a restart.
    List<Route> all = in.routes(Route.PROTOCOL);
    List<UnsetRoute> unset = new ArrayList<>();
    for (Cidr to : c.link().routes().stream().map(Cidr::parse).distinct().toList()) {
      if (all.stream().noneMatch(r -> r.destination().equals(to) && r.ifindex() == link.index())) {
        gateways.route(in, link, to, metric).ifPresent(unset::add);
      }
    }
    return unset;
  }

  /** Removes what was made here for a connection; what is gone already is fine. */
  public Future<Void> remove(Connection c) {
    String alias = owner.alias(c.id());
    List<LinkThread.Place> places = new ArrayList<>();
    if (c.client().netns() != null) {
      places.add(new LinkThread.Place(c.client().netns(), c.client().intf()));
    }
    // A pair goes with one end; the client's may have been taken elsewhere.
    if (c.endpoint().netns() != null) {
      places.add(new LinkThread.Place(c.endpoint().netns(), c.endpoint().intf()));
    }
    return thread.remove(alias, places).onSuccess(v -> vxlans.release(c.link().vni(), alias));
  }

  /** Knows the VNIs of connections that a former process made. */
  public void adopt(Connection c) {
    if (c.link().carrier() == Mechanism.VXLAN) {
      vxlans.adopt(c.link().vni(), owner.alias(c.id()));
    }
  }

  /** Removes links of connections that nobody keeps; that a namespace is gone is fine. */
  public Future<Void> sweep(Set<String> namespaces, Set<String> kept) {
    return thread.change(
        at -> {
          for (String ref : namespaces) {
            Optional<OpenNetns> there = openIfThere(ref);
            if (there.isPresent()) {
              try (OpenNetns netns = there.get()) {
                owner.sweep(netns.netlink(), kept);
              }
            }
          }
          return null;
        });
  }

  /** By namespace: the names of our links there, by connection; none where it is gone. */
  public Future<Map<String, Map<String, Set<String>>>> ours(Set<String> namespaces) {
    return thread.change(
        at -> {
          Map<String, Map<String, Set<String>>> ours = new HashMap<>();
          for (String ref : namespaces) {
            ours.put(ref, oursIn(ref));
          }
          return ours;
        });
  }

  private Map<String, Set<String>> oursIn(String ref) throws LinuxException {
    Optional<OpenNetns> there = openIfThere(ref);
    if (there.isEmpty()) {
      return Map.of();
    }
    try (OpenNetns netns = there.get()) {
      return netns.netlink().links().stream()
          .filter(owner::owns)
          .collect(
              Collectors.groupingBy(
                  link -> owner.idOf(link).orElseThrow(),
                  Collectors.mapping(Link::name, Collectors.toSet())));
    }
  }

  /** Whether requests wait, which a look at interfaces would hold up. */
  public boolean isBusy() {
    return thread.isBusy();
  }

  private static Optional<OpenNetns> openIfThere(String ref) throws LinuxException {
    try {
      return Optional.of(OpenNetns.open(ref));
    } catch (LinuxException gone) {
      if (gone.isShortage()) {
        throw gone;
      }
      return Optional.empty();
    }
  }
}
