package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import dev.weft.linux.RouteFailure;
import dev.weft.room.Reconciler;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The main table's routes that carry Weft's protocol number; it touches no other. */
final class RouteTable {
  /** The kernel's key: it has several routes to one destination if their metrics differ. */
  private record Key(Cidr destination, int metric) {
    static Key of(Route route) {
      return new Key(route.destination(), route.metric());
    }
  }

  private final Netlink netlink;

  RouteTable(Netlink netlink) {
    this.netlink = netlink;
  }

  /** What a reconcile did. */
  record Outcome(List<Route> added, List<Route> removed, Map<Cidr, String> problems) {}

  /** Makes our routes exactly these: one dump of ours, and batched writes for what differs. */
  Outcome reconcile(List<Route> routes) throws LinuxException {
    Map<Key, Route> wanted = new HashMap<>();
    routes.forEach(route -> wanted.put(Key.of(route), route));
    Map<Key, Route> observed = new HashMap<>();
    netlink.routes(Route.PROTOCOL).forEach(route -> observed.put(Key.of(route), route));
    Reconciler.Plan<Route> plan = Reconciler.plan(wanted, observed);
    Map<Cidr, String> problems = new HashMap<>();
    if (plan.isEmpty()) {
      return new Outcome(List.of(), List.of(), problems);
    }
    List<Route> added = new ArrayList<>(plan.add());
    added.addAll(plan.replace());
    List<Route> removed = new ArrayList<>(plan.remove());
    for (RouteFailure failure : netlink.deleteRoutes(plan.remove())) {
      removed.remove(failure.route());
    }
    List<RouteFailure> failures = new ArrayList<>(netlink.replaceRoutes(plan.replace()));
    failures.addAll(netlink.addRoutes(plan.add()));
    for (RouteFailure failure : failures) {
      added.remove(failure.route());
      problems.put(failure.route().destination(), why(failure));
    }
    return new Outcome(added, removed, problems);
  }

  /** Fails with CONFLICT if another program has a route to exactly this destination. */
  void checkFree(Cidr destination) throws LinuxException {
    Optional<Route> there = netlink.routeOf(destination);
    if (there.isPresent() && there.get().protocol() != Route.PROTOCOL) {
      throw foreign(there.get());
    }
  }

  /**
   * Makes or moves routes.
   *
   * @return what the kernel refused, by destination
   */
  Map<Cidr, WeftException> put(List<Route> routes) throws LinuxException {
    Map<Cidr, WeftException> refused = new HashMap<>();
    List<Route> taken = new ArrayList<>();
    for (RouteFailure failure : netlink.addRoutes(routes)) {
      if (failure.cause().errnoName().equals("EEXIST")) {
        taken.add(failure.route());
      } else {
        refused.put(failure.route().destination(), refusal(failure));
      }
    }
    List<Route> moved = new ArrayList<>();
    for (Route route : taken) {
      Optional<Route> there = netlink.routeOf(route.destination());
      if (there.isPresent() && there.get().protocol() != Route.PROTOCOL) {
        refused.put(route.destination(), foreign(there.get()));
      } else if (!there.equals(Optional.of(route))) {
        moved.add(route);
      }
    }
    for (RouteFailure failure : netlink.replaceRoutes(moved)) {
      refused.put(failure.route().destination(), refusal(failure));
    }
    return refused;
  }

  /** Deletes ours to these destinations; what is gone already is fine. */
  Map<Cidr, WeftException> delete(List<Route> routes) throws LinuxException {
    Map<Cidr, WeftException> refused = new HashMap<>();
    for (RouteFailure failure : netlink.deleteRoutes(routes)) {
      if (!failure.cause().errnoName().equals("ESRCH")) {
        refused.put(failure.route().destination(), refusal(failure));
      }
    }
    return refused;
  }

  /** Another program's route that the range overlaps with, the devices of ours aside. */
  Optional<String> rival(Cidr range, List<Integer> ownDevices) throws LinuxException {
    for (Route route : netlink.routes()) {
      if (route.protocol() != Route.PROTOCOL
          && route.destination().prefixLength() > 0
          && route.destination().overlaps(range)
          && !ownDevices.contains(route.ifindex())) {
        return Optional.of(describe(route));
      }
    }
    return Optional.empty();
  }

  private String why(RouteFailure failure) throws LinuxException {
    if (failure.cause().errnoName().equals("EEXIST")) {
      Optional<Route> there = netlink.routeOf(failure.route().destination());
      if (there.isPresent()) {
        return foreign(there.get()).getMessage();
      }
    }
    return failure.cause().getMessage();
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
    String device = netlink.link(route.ifindex()).map(Link::name).orElse("?");
    return route.destination() + " dev " + device + " proto " + route.protocol();
  }
}
