package dev.weft.nsm.client;

import dev.weft.nsm.proto.HopRoutes;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What the pods of a chain reach beyond their own hops: a hop's client the addresses and routes of
 * all later hops, a hop's endpoint the addresses of all earlier ones.
 */
final class ChainReach {
  private final String chain;
  private final List<Hop> hops = new ArrayList<>();

  private record Hop(String prefix, List<String> routes) {}

  ChainReach(String chain) {
    this.chain = chain;
  }

  /**
   * The next hop.
   *
   * @param prefix of its two addresses
   * @param routes that its endpoint announces
   */
  ChainReach add(String prefix, List<String> routes) {
    hops.add(new Hop(prefix, List.copyOf(routes)));
    return this;
  }

  /**
   * What the client of a hop reaches by the hops after it.
   *
   * @param number of the hop, from 1
   */
  List<String> ahead(int number) {
    Set<String> ahead = new LinkedHashSet<>();
    for (Hop hop : hops.subList(number, hops.size())) {
      ahead.add(hop.prefix());
      ahead.addAll(hop.routes());
    }
    ahead.removeAll(hops.get(number - 1).routes());
    return List.copyOf(ahead);
  }

  /** What the endpoint of a hop reaches by the hops before it. */
  List<String> back(int number) {
    return hops.subList(0, number - 1).stream().map(Hop::prefix).toList();
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
