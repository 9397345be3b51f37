package dev.weft.nsm.client;

import dev.weft.address.Cidr;
import dev.weft.nsm.UnsetRoute;
import dev.weft.nsm.connection.ChainHop;
import dev.weft.nsm.proto.HopRoutes;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What the pods of a chain reach beyond their own hops: a hop's client the addresses and routes of
 * all later hops, a hop's endpoint the addresses of all earlier ones. IPv6 leads as far as every
 * hop on the way has IPv6 addresses.
 */
final class ChainReach {
  private final String chain;
  private final List<String> via;
  private final List<Hop> hops = new ArrayList<>();

  private record Hop(String prefix, String prefix6, List<String> routes) {
    boolean hasSix() {
      return !prefix6.isEmpty();
    }
  }

  /**
   * @param via the services on the way
   */
  ChainReach(String chain, List<String> via) {
    this.chain = chain;
    this.via = via;
  }

  /**
   * The next hop.
   *
   * @param prefix of its two addresses
   * @param prefix6 of its two IPv6 addresses; empty for none
   * @param routes that its endpoint announces
   */
  ChainReach add(String prefix, String prefix6, List<String> routes) {
    hops.add(new Hop(prefix, prefix6, List.copyOf(routes)));
    return this;
  }

  /**
   * What the client of a hop reaches by the hops after it.
   *
   * @param number of the hop, from 1
   */
  List<String> ahead(int number) {
    Set<String> ahead = new LinkedHashSet<>();
    boolean six = hops.get(number - 1).hasSix();
    for (Hop hop : hops.subList(number, hops.size())) {
      six &= hop.hasSix();
      ahead.add(hop.prefix());
      if (six) {
        ahead.add(hop.prefix6());
      }
      for (String route : hop.routes()) {
        if (six || !isSix(route)) {
          ahead.add(route);
        }
      }
    }
    ahead.removeAll(hops.get(number - 1).routes());
    return List.copyOf(ahead);
  }

  /** What the endpoint of a hop reaches by the hops before it, the client's first. */
  List<String> back(int number) {
    List<String> back = new ArrayList<>();
    boolean six = hops.get(number - 1).hasSix();
    for (int i = number - 2; i >= 0; i--) {
      six &= hops.get(i).hasSix();
      if (six) {
        back.add(0, hops.get(i).prefix6());
      }
      back.add(0, hops.get(i).prefix());
    }
    return back;
  }

  /** The routes of later hops that the chain's client does not reach, and why. */
  List<UnsetRoute> unreached() {
    List<UnsetRoute> unreached = new ArrayList<>();
    int without = 0;
    for (int number = 1; number <= hops.size(); number++) {
      Hop hop = hops.get(number - 1);
      without = without == 0 && !hop.hasSix() ? number : without;
      if (without > 0 && number > 1) {
        String why = ChainHop.label(without, via) + " has no IPv6 addresses";
        hop.routes().stream()
            .filter(ChainReach::isSix)
            .forEach(route -> unreached.add(new UnsetRoute(route, why)));
      }
    }
    return unreached;
  }

  private static boolean isSix(String prefix) {
    return Cidr.parse(prefix).bits() == 128;
  }

  /** As the nodes of a hop's two ends are told. */
  HopRoutes routes(int number, String connection) {
    return HopRoutes.newBuilder()
        .setChainId(chain)
        .setConnectionId(connection)
        .addAllAhead(ahead(number))
        .addAllBack(back(number))
        .build();
  }
}
