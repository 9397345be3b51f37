package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import dev.weft.net.LinkThread;
import dev.weft.nsm.UnsetRoute;
import io.vertx.core.Future;
import java.net.InetAddress;
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
                c.endpointAddress().address(),
                c.hop().reached(c.link().routes()),
                c.client().routing().metric())
            : Future.succeededFuture(List.of());
    return c.endpointAt(self)
        ? ahead.compose(
            unset ->
                set(
                        new End(c.endpoint().netns(), c.endpoint().identity(), c.endpoint().intf()),
                        c.clientAddress().address(),
                        c.hop().back(),
                        0)
                    .map(unset))
        : ahead;
  }

  private record End(String netns, long identity, String intf) {}

  private Future<List<UnsetRoute>> set(
      End end, InetAddress gateway, List<String> wanted, int metric) {
    return thread.change(
        at -> {
          Netlink in = at.at(end.netns(), end.identity()).netlink();
          Link link = in.require(end.intf());
          List<Route> standing =
              in.routes(Route.PROTOCOL).stream().filter(r -> r.ifindex() == link.index()).toList();
          for (Route route : standing) {
            if (!wanted.contains(route.destination().toString())) {
              in.deleteRoute(route);
            }
          }
          return add(in, standing, wanted, to -> Route.via(to, gateway, link.index()), metric);
        });
  }

  /** Makes a route to a destination. */
  private interface Way {
    Route to(Cidr destination);
  }

  private static List<UnsetRoute> add(
      Netlink in, List<Route> standing, List<String> wanted, Way way, int metric)
      throws LinuxException {
    List<UnsetRoute> unset = new ArrayList<>();
    for (String destination : wanted) {
      Cidr to = Cidr.parse(destination);
      if (standing.stream().noneMatch(r -> r.destination().equals(to))) {
        try {
          in.addRoute(way.to(to).withMetric(metric));
        } catch (LinuxException e) {
          if (!e.errnoName().equals("EEXIST")) {
            throw e;
          }
          unset.add(
              new UnsetRoute(destination, "the pod has one with metric " + metric + " already"));
        }
      }
    }
    return unset;
  }
}
