package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.nsm.UnsetRoute;
import java.util.List;

/**
 * How a client's pod reaches what a service offers.
 *
 * @param metric of the routes; 0 for the kernel's default
 * @param excluded prefixes from which the connection gets no addresses
 * @param unset routes that were not set
 */
public record ClientRouting(int metric, List<String> excluded, List<UnsetRoute> unset) {
  public static final ClientRouting DEFAULT = new ClientRouting(0, List.of(), List.of());

  /** The most prefixes that a client may exclude. */
  public static final int MAX_EXCLUDED = 64;

  /** As a client asks for it; INVALID names the first prefix that is none. */
  public static ClientRouting of(int metric, List<String> excluded) {
    return of(metric, excluded, MAX_EXCLUDED);
  }

  /**
   * As it was asked for; INVALID names the first prefix that is none.
   *
   * @param most prefixes to exclude
   */
  public static ClientRouting of(int metric, List<String> excluded, int most) {
    if (metric < 0) {
      throw Fault.invalid("route_metric", Integer.toUnsignedString(metric), "0..2147483647");
    }
    if (excluded.size() > most) {
      throw Fault.invalid("excluded_prefix", excluded.size() + " of them", "at most " + most);
    }
    for (String text : excluded) {
      if (Cidr.find(text).isEmpty()) {
        throw Fault.invalid("excluded_prefix", text, "a prefix as in 10.44.8.0/24");
      }
    }
    return new ClientRouting(metric, List.copyOf(excluded), List.of());
  }

  public boolean excludes(Cidr prefix) {
    return excluded.stream().map(Cidr::parse).anyMatch(e -> e.overlaps(prefix));
  }

  /** Whether the connection gets no address of a whole network. */
  public boolean excludesAll(Cidr network) {
    return excluded.stream().map(Cidr::parse).anyMatch(e -> e.contains(network));
  }

  ClientRouting without(List<UnsetRoute> routes) {
    return new ClientRouting(metric, excluded, routes);
  }

  /** Whether it asks for the same, whatever became of it. */
  public boolean asksFor(ClientRouting other) {
    return metric == other.metric && excluded.equals(other.excluded);
  }

  boolean isSet(String route) {
    return unset.stream().noneMatch(u -> u.route().equals(route));
  }
}
