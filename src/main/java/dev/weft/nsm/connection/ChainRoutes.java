package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import dev.weft.net.LinkThread;
import dev.weft.nsm.UnsetRoute;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

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
                Gateways.ofEndpoint(c),
                Wanted.of(c.hop().reached(c.link().routes()), c.client().routing().metric(), false))
            : Future.succeededFuture(List.of());
    return c.endpointAt(self)
        ? ahead.compose(
            unset ->
                set(
                        new End(c.endpoint().netns(), c.endpoint().identity(), c.endpoint().intf()),
                        Gateways.ofClient(c),
                        Wanted.of(c.hop().back(), 0, true))
                    .map(unset))
        : ahead;
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
              gateways.route(in, link, to, wanted.metric()).ifPresent(unset::add);
            }
          }
          return unset;
        });
  }

  private static boolean by(Route route, Link link) {
    return route.ifindex() == link.index();
  }
}
