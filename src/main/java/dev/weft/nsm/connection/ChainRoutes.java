package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import dev.weft.net.LinkThread;
import dev.weft.nsm.UnsetRoute;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The routes by which the pods of a chain reach beyond their own hop: a hop's client what lies
 * ahead, its endpoint what lies back.
 */
public final class ChainRoutes {
  private final LinkThread thread;
  private final String self;

  public ChainRoutes(LinkThread thread, String self) {
    this.thread = thread;
    this.self = self;
  }

  /**
   * Sets those of a connection's ends here, and removes what was set before and is no more wanted.
   *
   * @return those of the client's that the pod has otherwise
   */
  public Future<List<UnsetRoute>> set(Connection c) {
    Future<List<UnsetRoute>> ahead =
        c.clientAt(self)
            ? set(
                new End(c.client().netns(), c.client().identity(), c.client().intf()),
                new Gateways(c.endpointAddress(), c.endpointAddress6()),
                Wanted.of(c.hop().reached(c.link().routes()), c.client().routing().metric(), false))
            : Future.succeededFuture(List.of());
    return c.endpointAt(self)
        ? ahead.compose(
            unset ->
                set(
                        new End(c.endpoint().netns(), c.endpoint().identity(), c.endpoint().intf()),
                        new Gateways(c.clientAddress(), c.clientAddress6()),
                        Wanted.of(c.hop().back(), 0, true))
                    .map(unset))
        : ahead;
  }

  /** The other end's addresses. */
  private record Gateways(Cidr four, Optional<Cidr> six) {
    Optional<Cidr> to(Cidr destination) {
      return destination.bits() == 32 ? Optional.of(four) : six;
    }
  }

  private record End(String netns, long identity, String intf) {}

  /**
   * Routes by an end.
   *
   * @param only whether such a route by another interface is not wanted any more if it is Weft's:
   *     the way back leads by the hop that was made last, while a former one is being ended
   */
  private record Wanted(List<Cidr> destinations, int metric, boolean only) {
    static Wanted of(List<String> destinations, int metric, boolean only) {
      return new Wanted(destinations.stream().map(Cidr::parse).toList(), metric, only);
    }
  }

  private Future<List<UnsetRoute>> set(End end, Gateways gateways, Wanted wanted) {
    return thread.change(
        at -> {
          Netlink in = at.at(end.netns(), end.identity()).netlink();
          Link link = in.require(end.intf());
          List<Route> all = in.routes(Route.PROTOCOL);
          for (Route route : all) {
            boolean here = by(route, link);
            boolean listed = wanted.destinations().contains(route.destination());
            if (here ? !listed : listed && wanted.only()) {
              in.deleteRoute(route);
            }
          }
          List<UnsetRoute> unset = new ArrayList<>();
          for (Cidr to : wanted.destinations()) {
            if (all.stream().noneMatch(r -> r.destination().equals(to) && by(r, link))) {
              Optional<Cidr> gateway = gateways.to(to);
              if (gateway.isEmpty()) {
                unset.add(new UnsetRoute(to.toString(), KernelLinks.NO_SIX));
                continue;
              }
              Route route =
                  Route.via(to, gateway.get().address(), link.index()).withMetric(wanted.metric());
              add(in, route).ifPresent(unset::add);
            }
          }
          return unset;
        });
  }

  private static boolean by(Route route, Link link) {
    return route.ifindex() == link.index();
  }

  private static Optional<UnsetRoute> add(Netlink in, Route route) throws LinuxException {
    try {
      in.addRoute(route);
      return Optional.empty();
    } catch (LinuxException e) {
      if (!e.errnoName().equals("EEXIST")) {
        throw e;
      }
      return Optional.of(
          new UnsetRoute(
              route.destination().toString(),
              "the pod has one with metric " + route.metric() + " already"));
    }
  }
}
