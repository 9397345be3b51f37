package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Pods of a node that lost its subnet keep their addresses until they are gone. The holder of the
 * subnet says for which addresses packets go to which node, so that a member can take nobody's
 * packets by telling that it has an address: it has to be the one that the holder names. Pure.
 */
final class Guests {
  /** Of one node: more than a /24 has. */
  static final int MOST = 256;

  private static final int MOST_SAID = 4096;

  private Guests() {}

  /**
   * What a holder says: the addresses of other nodes' pods in its subnet, and, while there are any,
   * those of its own pods, which these nodes do not find otherwise.
   *
   * @param self the holder
   * @param own its subnet
   * @param used the addresses of its own pods, which nobody else gets
   * @param rows what members tell
   * @param before what it said before, which stays where two nodes want the same
   * @return node ids by address
   */
  static Map<String, String> accept(
      String self,
      Cidr own,
      Set<InetAddress> used,
      Map<String, MemberRow> rows,
      Map<String, String> before) {
    Map<String, String> guests = new TreeMap<>();
    for (Map.Entry<String, MemberRow> row : new TreeMap<>(rows).entrySet()) {
      if (row.getKey().equals(self) || row.getValue().strays() == null) {
        continue;
      }
      for (String text : row.getValue().strays().stream().limit(MOST).toList()) {
        IpAddress.find(text)
            .filter(new AddressPool(own)::isPods)
            .filter(address -> !used.contains(address))
            .map(IpAddress::format)
            .ifPresent(
                address -> {
                  if (row.getKey().equals(before.get(address))) {
                    guests.put(address, row.getKey());
                  } else {
                    guests.putIfAbsent(address, row.getKey());
                  }
                });
      }
    }
    if (!guests.isEmpty()) {
      used.forEach(address -> guests.put(IpAddress.format(address), self));
    }
    return guests;
  }

  /** A subnet and what its holder says. */
  record Said(String holder, Cidr subnet, Map<String, String> guests) {}

  /**
   * By node id, the addresses to which this node needs routes of their own.
   *
   * @param self this node
   * @param said by the holders of subnets, each of its own; this node's among them
   * @param bridged this node's subnet, also one that it has lost; empty before it has any
   * @param used the addresses of its own pods
   */
  static Map<String, List<Cidr>> routes(
      String self, Collection<Said> said, List<Cidr> bridged, Set<InetAddress> used) {
    Map<String, Set<Cidr>> routes = new HashMap<>();
    for (Said holder : said) {
      holder.guests().entrySet().stream()
          .limit(MOST_SAID)
          .forEach(
              guest -> {
                String text = guest.getKey();
                String node = guest.getValue();
                // A holder's own are behind the route to its subnet, where that is another.
                boolean needed =
                    !node.equals(self)
                        && (!node.equals(holder.holder()) || bridged.contains(holder.subnet()));
                IpAddress.find(text)
                    .filter(address -> needed && holder.subnet().contains(address))
                    .filter(address -> !used.contains(address))
                    .ifPresent(
                        at -> {
                          Set<Cidr> hosts = routes.computeIfAbsent(node, n -> new HashSet<>());
                          if (hosts.size() < MOST) {
                            hosts.add(Cidr.host(at));
                          }
                        });
              });
    }
    Map<String, List<Cidr>> sorted = new HashMap<>();
    routes.forEach(
        (node, hosts) ->
            sorted.put(
                node,
                hosts.stream()
                    .sorted(
                        (a, b) ->
                            IpAddress.format(a.address()).compareTo(IpAddress.format(b.address())))
                    .toList()));
    return sorted;
  }
}
