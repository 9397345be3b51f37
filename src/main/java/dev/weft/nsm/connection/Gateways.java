package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import dev.weft.nsm.UnsetRoute;
import java.util.Optional;

/** The addresses of a connection's other end, by which routes lead there. */
record Gateways(Cidr four, Optional<Cidr> six) {
  static Gateways ofEndpoint(Connection c) {
    return new Gateways(c.endpointAddress(), c.endpointAddress6());
  }

  static Gateways ofClient(Connection c) {
    return new Gateways(c.clientAddress(), c.clientAddress6());
  }

  /**
   * Adds a route, by the other end's address of its family; anyone else's is not replaced.
   *
   * @param link the interface of this end
   * @return the route if it is not set, and why
   */
  Optional<UnsetRoute> route(Netlink in, Link link, Cidr to, int metric) throws LinuxException {
    Optional<Cidr> gateway = to.bits() == 32 ? Optional.of(four) : six;
    if (gateway.isEmpty()) {
      return unset(to, "the connection has no IPv6 addresses");
    }
    try {
      in.addRoute(Route.via(to, gateway.get().address(), link.index()).withMetric(metric));
      return Optional.empty();
    } catch (LinuxException e) {
      if (!e.errnoName().equals("EEXIST")) {
        throw e;
      }
      return unset(to, "the pod has one with metric " + metric + " already");
    }
  }

  private static Optional<UnsetRoute> unset(Cidr to, String reason) {
    return Optional.of(new UnsetRoute(to.toString(), reason));
  }
}
