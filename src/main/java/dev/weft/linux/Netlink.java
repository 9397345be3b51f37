package dev.weft.linux;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.address.Mac;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;

/**
 * Links, addresses, routes and neighbours of one namespace, by rtnetlink(7). Any thread may use it;
 * requests wait for each other. A request returns once the kernel has done it.
 *
 * <p>While it is open it keeps its namespace alive.
 */
public final class Netlink implements AutoCloseable {
  private final NetlinkSocket socket;

  private Netlink(NetlinkSocket socket) {
    this.socket = socket;
  }

  /** For the calling thread's namespace. */
  public static Netlink open() throws LinuxException {
    return new Netlink(NetlinkSocket.open());
  }

  /** For the given namespace, which the caller may close then. */
  public static Netlink open(Netns netns) throws LinuxException {
    return netns.inside(Netlink::open);
  }

  /** The cookie of this socket's namespace, see {@link Netns#cookie}. */
  public long netnsCookie() throws LinuxException {
    return socket.netnsCookie();
  }

  // Links

  public List<Link> links() throws LinuxException {
    return socket.exchange(LinkCodec.dump(), "list links", LinkCodec::decode);
  }

  public Optional<Link> link(String name) throws LinuxException {
    return find(LinkCodec.get(name), "link " + name);
  }

  public Optional<Link> link(int index) throws LinuxException {
    return find(LinkCodec.get(index), "link " + index);
  }

  /** The link that has another name than the usual one; see {@link #addOtherName}. */
  public Optional<Link> linkByOtherName(String name) throws LinuxException {
    return find(LinkCodec.getByOtherName(name), "link " + name);
  }

  /** Frames that a link has received since it was made. */
  public long received(int index) throws LinuxException {
    return socket
        .exchange(LinkCodec.counters(index), "counters of link " + index, LinkCodec::received)
        .stream()
        .findFirst()
        .orElse(0L);
  }

  /** What a link has carried since it was made. */
  public LinkTraffic traffic(int index) throws LinuxException {
    return socket
        .exchange(LinkCodec.counters(index), "counters of link " + index, LinkCodec::traffic)
        .get(0);
  }

  private Optional<Link> find(NetlinkMessage get, String what) throws LinuxException {
    try {
      return socket.exchange(get, what, LinkCodec::decode).stream().findFirst();
    } catch (LinuxException e) {
      if (e.is(Errno.ENODEV)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * The link of a name.
   *
   * @throws LinuxException ENODEV if there is no link of that name
   */
  public Link require(String name) throws LinuxException {
    Optional<Link> link = link(name);
    if (link.isEmpty()) {
      throw new LinuxException("link " + name, Errno.ENODEV);
    }
    return link.get();
  }

  /** Gives another namespace an id in this one, so that {@link LinkMonitor#openAll} hears of it. */
  public void identify(Netns other) throws LinuxException {
    try {
      socket.request(LinkCodec.namespaceId(other), "id of netns " + other);
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
  }

  /**
   * Creates both ends, the other one directly in its namespace. This end gets an index that the
   * other one is unlikely to have: where the two are equal the kernel takes the link for one that
   * stands on no other, and tells a lost carrier up to a second late (linkwatch_urgent_event,
   * net/core/link_watch.c).
   *
   * @return this end; on a failure neither end is left
   */
  public Link createVeth(VethSpec spec) throws LinuxException {
    String what = "create veth " + spec.name() + " (peer " + spec.peer().name() + ")";
    try {
      socket.request(LinkCodec.veth(spec, farIndex()), what);
    } catch (LinuxException e) {
      // The index is taken, or the name: then it is for this one too.
      if (!e.is(Errno.EEXIST) && !e.is(Errno.EBUSY)) {
        throw e;
      }
      socket.request(LinkCodec.veth(spec, 0), what);
    }
    try {
      socket.request(LinkCodec.mark(spec), what);
      return require(spec.name());
    } catch (LinuxException e) {
      Optional<Link> made = link(spec.name());
      if (made.isPresent()) {
        delete(made.get().index());
      }
      throw e;
    }
  }

  private static int farIndex() {
    return ThreadLocalRandom.current().nextInt(1 << 20, 1 << 30);
  }

  public Link createBridge(String name) throws LinuxException {
    socket.request(LinkCodec.bridge(InterfaceName.check(name)), "create bridge " + name);
    return require(name);
  }

  public Link createVxlan(VxlanSpec spec) throws LinuxException {
    socket.request(LinkCodec.vxlan(spec), "create vxlan " + spec.name() + " vni " + spec.vni());
    return require(spec.name());
  }

  /**
   * Creates a WireGuard device, which {@link Wireguard} configures.
   *
   * @throws LinuxException EOPNOTSUPP if the kernel has no such devices
   */
  public Link createWireguard(String name, int mtu) throws LinuxException {
    socket.request(LinkCodec.wireguard(InterfaceName.check(name), mtu), "create wireguard " + name);
    return require(name);
  }

  /** Creates a macvlan in mode bridge, directly in the other namespace. */
  public void createMacvlan(String name, int parent, Netns netns) throws LinuxException {
    socket.request(
        LinkCodec.macvlan(InterfaceName.check(name), parent, netns),
        "create macvlan " + name + " of link " + parent + " in netns " + netns);
  }

  public void setUp(int index) throws LinuxException {
    setFlag(index, LinkCodec.IFF_UP, true, "up");
  }

  public void setDown(int index) throws LinuxException {
    setFlag(index, LinkCodec.IFF_UP, false, "down");
  }

  /** Whether the link neither sends nor answers ARP requests. */
  public void setNoArp(int index, boolean noArp) throws LinuxException {
    setFlag(index, LinkCodec.IFF_NOARP, noArp, noArp ? "noarp" : "arp");
  }

  private void setFlag(int index, int flag, boolean on, String word) throws LinuxException {
    socket.request(LinkCodec.flags(index, on ? flag : 0, flag), setting(index, word));
  }

  public void setMtu(int index, int mtu) throws LinuxException {
    LinkCodec.checkMtu(mtu);
    set(index, "mtu " + mtu, m -> m.attribute(LinkCodec.IFLA_MTU, mtu));
  }

  /**
   * How long an IPv4 packet of TCP may be that the link gets in one piece, to be cut by whoever
   * takes it.
   *
   * @param bytes over 65536 the packet's header says that its length is 0 (BIG TCP)
   * @see KernelVersion#hasBigTcp
   */
  public void setIpv4GsoLimit(int index, int bytes) throws LinuxException {
    set(
        index,
        "gso_ipv4_max_size " + bytes,
        m -> m.attribute(LinkCodec.IFLA_GSO_IPV4_MAX_SIZE, bytes));
  }

  /**
   * Takes the carrier of a vxlan or macvlan away, or gives it back, and leaves it up otherwise.
   *
   * @throws LinuxException EOPNOTSUPP for kinds of links that cannot, as a veth
   */
  public void setProtocolDown(int index, boolean down) throws LinuxException {
    set(
        index,
        "protodown " + (down ? "on" : "off"),
        m -> m.attributeU8(LinkCodec.IFLA_PROTO_DOWN, down ? 1 : 0));
  }

  /** At most 255 bytes; an empty alias removes the one that is set. */
  public void setAlias(int index, String alias) throws LinuxException {
    set(index, "alias " + alias, m -> m.attribute(LinkCodec.IFLA_IFALIAS, alias));
  }

  public void rename(int index, String name) throws LinuxException {
    InterfaceName.check(name);
    set(index, "name " + name, m -> m.attribute(LinkCodec.IFLA_IFNAME, name));
  }

  /**
   * Gives a link one more name, as {@code ip link property add altname}.
   *
   * @param name as {@link InterfaceName#checkOther} takes it
   * @throws LinuxException EEXIST if a link of the namespace has that name
   */
  public void addOtherName(int index, String name) throws LinuxException {
    InterfaceName.checkOther(name);
    socket.request(LinkCodec.addOtherName(index, name), setting(index, "other name " + name));
  }

  /** Makes the link a port of the bridge {@code master}; 0 takes it out of its bridge. */
  public void setMaster(int index, int master) throws LinuxException {
    set(index, "master " + master, m -> m.attribute(LinkCodec.IFLA_MASTER, master));
  }

  public void setMac(int index, String mac) throws LinuxException {
    set(index, "mac " + mac, m -> m.attribute(LinkCodec.IFLA_ADDRESS, Mac.parse(mac)));
  }

  /**
   * Moves and renames in one step, so that either name may be taken in the other namespace. The
   * link goes down and loses its addresses.
   */
  public void moveTo(int index, Netns netns, String name) throws LinuxException {
    InterfaceName.check(name);
    set(
        index,
        "netns " + netns + " name " + name,
        m ->
            m.attribute(LinkCodec.IFLA_NET_NS_FD, netns.fd())
                .attribute(LinkCodec.IFLA_IFNAME, name));
  }

  /**
   * Makes the link come up without an IPv6 link-local address; other addresses can be added.
   * Nothing to do for a link without IPv6, as with an MTU under 1280.
   */
  public void setNoLinkLocal(int index) throws LinuxException {
    try {
      socket.request(LinkCodec.noLinkLocal(index), setting(index, "addrgenmode none"));
    } catch (LinuxException e) {
      if (!e.is(Errno.EAFNOSUPPORT)) {
        throw e;
      }
    }
  }

  private void set(int index, String what, Function<NetlinkMessage, NetlinkMessage> attributes)
      throws LinuxException {
    socket.request(attributes.apply(LinkCodec.set(index)), setting(index, what));
  }

  private static String setting(int index, String what) {
    return "set link " + index + " " + what;
  }

  /** Deletes a link, and with it the other end of a veth pair. */
  public void delete(int index) throws LinuxException {
    socket.request(LinkCodec.delete(index), "delete link " + index);
  }

  /**
   * Deletes many links at once, which takes about as long as one: after each request the kernel
   * waits until no CPU uses the links any more. The links get a group of their own, and the group
   * is deleted. Success also if some are gone already.
   */
  public void delete(List<Integer> indexes) throws LinuxException {
    if (indexes.isEmpty()) {
      return;
    }
    int group = ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);
    Map<Integer, LinuxException> failures =
        socket.batch(
            indexes.stream().map(index -> LinkCodec.group(index, group)).toList(),
            i -> setting(indexes.get(i), "group " + group));
    for (LinuxException e : failures.values()) {
      goneIsFine(e);
    }
    if (failures.size() < indexes.size()) {
      try {
        socket.request(LinkCodec.deleteGroup(group), "delete " + indexes.size() + " links");
      } catch (LinuxException e) {
        goneIsFine(e);
      }
    }
  }

  private static void goneIsFine(LinuxException e) throws LinuxException {
    if (!e.is(Errno.ENODEV)) {
      throw e;
    }
  }

  // Addresses

  /**
   * Adds an address, usable at once: without duplicate detection for IPv6 (RFC 4862, 5.4). Success
   * also if the link has it.
   */
  public void addAddress(int index, Cidr cidr) throws LinuxException {
    socket.request(LinkAddress.own(index, cidr).add(), "add address " + cidr + " to link " + index);
  }

  public void deleteAddress(int index, Cidr cidr) throws LinuxException {
    socket.request(
        LinkAddress.own(index, cidr).delete(), "delete address " + cidr + " of link " + index);
  }

  /** The addresses of all links, both families. */
  public List<LinkAddress> addresses() throws LinuxException {
    return socket.exchange(LinkAddress.dump(), "list addresses", LinkAddress::decode);
  }

  // Routes

  /**
   * Adds a route.
   *
   * @throws LinuxException EEXIST if that destination has a route with that metric
   */
  public void addRoute(Route route) throws LinuxException {
    socket.request(RouteCodec.add(route), "add route " + route.destination());
  }

  /**
   * Deletes a route.
   *
   * @throws LinuxException ESRCH if there is none that agrees in all that is given
   */
  public void deleteRoute(Route route) throws LinuxException {
    socket.request(RouteCodec.delete(route), "delete route " + route.destination());
  }

  /** Adds many in few writes; one that is refused stops no other. */
  public List<RouteFailure> addRoutes(List<Route> routes) throws LinuxException {
    return batch(routes, RouteCodec::add, "add route ");
  }

  /** As {@link #addRoutes}, in place of routes that exist, whoever made them. */
  public List<RouteFailure> replaceRoutes(List<Route> routes) throws LinuxException {
    return batch(routes, RouteCodec::replace, "replace route ");
  }

  /** As {@link #addRoutes}. */
  public List<RouteFailure> deleteRoutes(List<Route> routes) throws LinuxException {
    return batch(routes, RouteCodec::delete, "delete route ");
  }

  private List<RouteFailure> batch(
      List<Route> routes, Function<Route, NetlinkMessage> encode, String verb)
      throws LinuxException {
    Map<Integer, LinuxException> failures =
        socket.batch(routes.stream().map(encode).toList(), i -> verb + routes.get(i).destination());
    return failures.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(e -> new RouteFailure(routes.get(e.getKey()), e.getValue()))
        .toList();
  }

  /** The main table's unicast routes with one next hop, both families. */
  public List<Route> routes() throws LinuxException {
    return routes(0);
  }

  /** The same of one protocol, such as {@link Route#PROTOCOL}. */
  public List<Route> routes(int protocol) throws LinuxException {
    List<Route> routes = new ArrayList<>(allRoutes(NativeSocket.AF_INET, protocol));
    routes.addAll(allRoutes(NativeSocket.AF_INET6, protocol));
    routes.removeIf(route -> route.kind() != Route.Kind.UNICAST);
    return routes;
  }

  /** The main table's routes of every kind, of the address's family. */
  public List<Route> allRoutes(InetAddress familyOf) throws LinuxException {
    return allRoutes(SocketAddresses.family(familyOf), 0);
  }

  /** The main table's throw routes, of the address's family; the kernel selects them. */
  public List<Route> throwRoutes(InetAddress familyOf) throws LinuxException {
    return socket.exchange(
        RouteCodec.dumpThrows(SocketAddresses.family(familyOf)),
        "list throw routes",
        RouteCodec::decodeMain);
  }

  private List<Route> allRoutes(int family, int protocol) throws LinuxException {
    return socket.exchange(
        RouteCodec.dump(family, protocol), "list routes", RouteCodec::decodeMain);
  }

  /** The route that the kernel would use to an address; empty if it has none. */
  public Optional<Route> routeTo(InetAddress address) throws LinuxException {
    try {
      return socket
          .exchange(
              RouteCodec.lookup(address),
              "route to " + IpAddress.format(address),
              RouteCodec::decode)
          .stream()
          .findFirst();
    } catch (LinuxException e) {
      if (e.is(Errno.ENETUNREACH) || e.is(Errno.EHOSTUNREACH)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * Asks for the main table's route to exactly this destination, whoever made it, without a dump:
   * by the route that the kernel uses for the destination's first address.
   */
  public RouteMatch match(Cidr destination) throws LinuxException {
    try {
      List<Route> used =
          socket.exchange(
              RouteCodec.match(destination.address()),
              "route of " + destination,
              RouteCodec::decodeMain);
      boolean isNarrower =
          used.stream().anyMatch(r -> r.destination().prefixLength() > destination.prefixLength());
      return new RouteMatch(
          used.stream().filter(r -> r.destination().equals(destination)).findFirst(),
          !used.isEmpty() && !isNarrower);
    } catch (LinuxException e) {
      // For a blackhole, unreachable or prohibit route the kernel answers with the route's error.
      return new RouteMatch(Optional.empty(), e.is(Errno.ENETUNREACH));
    }
  }

  // Neighbours

  /** Adds an entry in place of the one that the address has. */
  public void addNeighbour(Neighbour neighbour) throws LinuxException {
    socket.request(NeighbourCodec.add(neighbour), "add neighbour " + neighbour);
  }

  public void deleteNeighbour(Neighbour neighbour) throws LinuxException {
    socket.request(NeighbourCodec.delete(neighbour), "delete neighbour " + neighbour);
  }

  /** The permanent ones of all links, both families. */
  public List<Neighbour> neighbours() throws LinuxException {
    return socket.exchange(
        NeighbourCodec.dumpNeighbours(), "list neighbours", NeighbourCodec::decodeNeighbour);
  }

  /** Adds an entry in place of the MAC's; for {@link FdbEntry#ANY}, beside those that exist. */
  public void addFdb(FdbEntry entry) throws LinuxException {
    socket.request(NeighbourCodec.add(entry), "add " + entry);
  }

  public void deleteFdb(FdbEntry entry) throws LinuxException {
    socket.request(NeighbourCodec.delete(entry), "delete " + entry);
  }

  /** The permanent entries of a device's own table. */
  public List<FdbEntry> fdb(int ifindex) throws LinuxException {
    Function<ByteBuffer, FdbEntry> decode = body -> NeighbourCodec.decodeFdb(body, ifindex);
    return socket.exchange(NeighbourCodec.dumpFdb(ifindex), "list fdb of " + ifindex, decode);
  }

  @Override
  public void close() {
    socket.close();
  }
}
