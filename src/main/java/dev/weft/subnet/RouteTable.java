package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import dev.weft.linux.RouteFailure;
import dev.weft.linux.RouteMatch;
import dev.weft.room.Reconciler;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The main table's routes that are this node's: they carry Weft's protocol number, and lead to a
 * destination that the node has on record or through a device that it owns. No other route is
 * changed: routes are added with NLM_F_EXCL, and one is replaced only after a look that shows
 * Weft's own in its place.
 */
final class RouteTable {
  /** The kernel's key: several routes to one destination differ in their metrics. */
  private record Key(Cidr destination, int metric) {
    static Key of(Route route) {
      return new Key(route.destination(), route.metric());
    }
  }

  private final Netlink netlink;

  RouteTable(Netlink netlink) {
    this.netlink = netlink;
  }

  /** Indexes of the devices that this node made. */
  interface OwnDevices {
    Set<Integer> indexes() throws LinuxException;
  }

  /** What a reconcile changed, and why a destination has no route. */
  record Outcome(List<Route> added, List<Route> removed, Map<Cidr, String> problems) {}

  /**
   * Makes this node's routes exactly these, with one dump, and batched writes for the differences.
   *
   * @param recorded destinations to which the node keeps, or kept, a route through any device
   */
  Outcome reconcile(List<Route> routes, Set<Cidr> recorded, OwnDevices devices)
      throws LinuxException {
    Map<Key, Route> wanted = new HashMap<>();
    routes.forEach(route -> wanted.put(Key.of(route), route));
    Map<Key, Route> observed = new HashMap<>();
    netlink.routes(Route.PROTOCOL).forEach(route -> observed.put(Key.of(route), route));
    Reconciler.Plan<Route> plan = Reconciler.plan(wanted, observed);
    Map<Cidr, String> problems = new HashMap<>();
    if (plan.isEmpty()) {
      return new Outcome(List.of(), List.of(), problems);
    }
    List<Route> added = new ArrayList<>(plan.put());
    List<Route> removed = new ArrayList<>(plan.remove());
    if (!removed.isEmpty()) {
      // Another program may use the same protocol number.
      Set<Integer> own = devices.indexes();
      removed.removeIf(r -> !recorded.contains(r.destination()) && !own.contains(r.ifindex()));
    }
    for (RouteFailure failure : netlink.deleteRoutes(List.copyOf(removed))) {
      removed.remove(failure.route());
    }
    Set<Cidr> ours = new HashSet<>();
    routes.forEach(route -> ours.add(route.destination()));
    Map<Cidr, WeftException> refused = put(added, ours);
    added.removeIf(route -> refused.containsKey(route.destination()));
    refused.forEach((destination, why) -> problems.put(destination, why.getMessage()));
    return new Outcome(added, removed, problems);
  }

  /** The routes that a batch of calls takes, and the calls to refuse. */
  record Examined(List<Route> routes, Map<Cidr, WeftException> refused) {}

  /**
   * Checks which routes may be added and removed. Refuses with NOT_FOUND a device that does not
   * exist, with PRECONDITION one that is down, with CONFLICT a destination that has a route which
   * is not this node's.
   *
   * @param asked devices by destination; null where the route is to be removed
   * @param ours destinations to which this node keeps routes
   */
  Examined examine(Map<Cidr, String> asked, Set<Cidr> ours) throws LinuxException {
    Set<Cidr> wanted = new HashSet<>();
    Set<Cidr> unknown = new HashSet<>();
    asked.forEach((to, device) -> (device == null ? unknown : wanted).add(to));
    unknown.removeAll(ours);
    Map<Cidr, Route> standing = standing(wanted);
    standing.putAll(listed(unknown));
    // The kernel answers as if these were not there, and adds a route of another metric beside one.
    for (InetAddress family : families(wanted)) {
      for (Route route : netlink.throwRoutes(family)) {
        if (wanted.contains(route.destination())) {
          standing.putIfAbsent(route.destination(), route);
        }
      }
    }
    Map<String, Optional<Link>> devices = new HashMap<>();
    Examined examined = new Examined(new ArrayList<>(), new HashMap<>());
    for (Map.Entry<Cidr, String> call : asked.entrySet()) {
      Cidr to = call.getKey();
      String device = call.getValue();
      Route there = standing.get(to);
      if (device != null && !devices.containsKey(device)) {
        devices.put(device, netlink.link(device));
      }
      try {
        int ifindex = device == null ? 0 : up(device, devices.get(device)).index();
        if (there != null && !isOurs(there, ours)) {
          throw foreign(there);
        }
        if (device != null && !Route.onLink(to, ifindex).equals(there)) {
          examined.routes().add(Route.onLink(to, ifindex));
        }
      } catch (WeftException why) {
        examined.refused().put(to, why);
      }
    }
    return examined;
  }

  /**
   * Adds routes, or moves this node's own to another device.
   *
   * @param ours destinations to which this node keeps routes
   * @return refusals by destination
   */
  Map<Cidr, WeftException> put(List<Route> routes, Set<Cidr> ours) throws LinuxException {
    Map<Cidr, WeftException> refused = new HashMap<>();
    Map<Cidr, Route> taken = new HashMap<>();
    for (RouteFailure failure : netlink.addRoutes(routes)) {
      refused.put(failure.route().destination(), refusal(failure));
      if (failure.cause().errnoName().equals("EEXIST")) {
        taken.put(failure.route().destination(), failure.route());
      }
    }
    Map<Cidr, Route> standing = standing(taken.keySet());
    Set<Cidr> unseen = new HashSet<>(taken.keySet());
    unseen.removeAll(standing.keySet());
    standing.putAll(listed(unseen));
    List<Route> moved = new ArrayList<>();
    for (Map.Entry<Cidr, Route> occupant : standing.entrySet()) {
      Route route = taken.get(occupant.getKey());
      if (occupant.getValue().equals(route)) {
        refused.remove(occupant.getKey());
      } else if (isOurs(occupant.getValue(), ours)) {
        refused.remove(occupant.getKey());
        moved.add(route);
      } else {
        refused.put(occupant.getKey(), foreign(occupant.getValue()));
      }
    }
    for (RouteFailure failure : netlink.replaceRoutes(moved)) {
      refused.put(failure.route().destination(), refusal(failure));
    }
    return refused;
  }

  /**
   * Deletes injected routes to these destinations. Success also for a route that is gone already,
   * and for one to a member, which has a gateway.
   *
   * @return refusals by destination
   */
  Map<Cidr, WeftException> delete(Set<Cidr> destinations) throws LinuxException {
    List<Route> ours =
        standing(destinations).values().stream()
            .filter(r -> isOurs(r, destinations) && r.gateway().isEmpty())
            .toList();
    Map<Cidr, WeftException> refused = new HashMap<>();
    for (RouteFailure failure : netlink.deleteRoutes(ours)) {
      if (!failure.cause().errnoName().equals("ESRCH")) {
        refused.put(failure.route().destination(), refusal(failure));
      }
    }
    return refused;
  }

  /**
   * Another program's route to the range or to a part of it. A wider one, such as the default
   * route, does no harm, for the kernel prefers Weft's narrower ones.
   *
   * @param ownDevices to which such a route may lead
   */
  Optional<String> rival(Cidr range, List<Integer> ownDevices) throws LinuxException {
    for (Route route : netlink.allRoutes(range.address())) {
      if (range.contains(route.destination())
          && !isWefts(route)
          && !ownDevices.contains(route.ifindex())) {
        return Optional.of(describe(route));
      }
    }
    return Optional.empty();
  }

  /** The first route to each of these destinations, the one that a replacement would replace. */
  private Map<Cidr, Route> standing(Set<Cidr> destinations) throws LinuxException {
    Map<Cidr, Route> standing = new HashMap<>();
    Set<Cidr> uncertain = new HashSet<>();
    for (Cidr destination : destinations) {
      RouteMatch match = netlink.match(destination);
      match.route().ifPresent(route -> standing.put(destination, route));
      if (!match.isCertain()) {
        uncertain.add(destination);
      }
    }
    standing.putAll(listed(uncertain));
    return standing;
  }

  /** The same from one dump of each family, which shows every route and takes longer. */
  private Map<Cidr, Route> listed(Set<Cidr> destinations) throws LinuxException {
    Map<Cidr, Route> listed = new HashMap<>();
    for (InetAddress family : families(destinations)) {
      for (Route route : netlink.allRoutes(family)) {
        if (destinations.contains(route.destination())) {
          listed.putIfAbsent(route.destination(), route);
        }
      }
    }
    return listed;
  }

  /** An address of each family. */
  private static Collection<InetAddress> families(Set<Cidr> destinations) {
    Map<Integer, InetAddress> families = new HashMap<>();
    destinations.forEach(to -> families.put(to.bits(), to.address()));
    return families.values();
  }

  /** By protocol number and this node's own record: other programs may use the same number. */
  private static boolean isOurs(Route route, Set<Cidr> ours) {
    return (isWefts(route) || isFormer(route)) && ours.contains(route.destination());
  }

  private static boolean isWefts(Route route) {
    return route.protocol() == Route.PROTOCOL && route.kind() == Route.Kind.UNICAST;
  }

  /** As an older version left it. */
  private static boolean isFormer(Route route) {
    return route.protocol() == Route.FORMER_PROTOCOL && route.kind() == Route.Kind.UNICAST;
  }

  private static Link up(String device, Optional<Link> link) {
    if (link.isEmpty()) {
      throw Fault.NOT_FOUND.because("interface: " + device + " (expected: one of this host)");
    }
    if (!link.get().up()) {
      throw Fault.PRECONDITION.because("interface: " + device + " is down (expected: up)");
    }
    return link.get();
  }

  private static WeftException refusal(RouteFailure failure) {
    return Fault.PRECONDITION.because(failure.cause().getMessage(), failure.cause());
  }

  private WeftException foreign(Route route) throws LinuxException {
    return Fault.CONFLICT.because(
        "destination: "
            + route.destination()
            + " has a route of another program already: "
            + describe(route)
            + " (expected: none, or one that Weft made)");
  }

  private String describe(Route route) throws LinuxException {
    String way =
        route.kind() == Route.Kind.UNICAST
            ? "dev " + netlink.link(route.ifindex()).map(Link::name).orElse("?")
            : route.kind().name().toLowerCase(Locale.ROOT);
    return route.destination() + " " + way + " proto " + route.protocol();
  }
}
