package dev.weft.reach.path;

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** A NAT as RFC 4787 describes them. */
final class NatModel {
  enum Filtering {
    NONE,
    ADDRESS,
    PORT
  }

  private record Inside(InetSocketAddress host, Object destination) {}

  private final String outside;
  private final boolean symmetric;
  private final Filtering filtering;
  private final Map<Inside, Integer> ports = new HashMap<>();
  private final Map<Integer, InetSocketAddress> hosts = new HashMap<>();
  private final Map<Integer, Set<InetSocketAddress>> sentTo = new HashMap<>();
  private int next = 20_000;

  NatModel(String outside, boolean symmetric, Filtering filtering) {
    this.outside = outside;
    this.symmetric = symmetric;
    this.filtering = filtering;
  }

  String outside() {
    return outside;
  }

  InetSocketAddress out(InetSocketAddress from, InetSocketAddress to) {
    int port = ports.computeIfAbsent(new Inside(from, symmetric ? to : ""), i -> next++);
    hosts.put(port, from);
    sentTo.computeIfAbsent(port, p -> new HashSet<>()).add(to);
    return new InetSocketAddress(outside, port);
  }

  /** The host that gets a datagram; null if none does. */
  InetSocketAddress in(int port, InetSocketAddress from) {
    Set<InetSocketAddress> known = sentTo.getOrDefault(port, Set.of());
    boolean passes =
        switch (filtering) {
          case NONE -> true;
          case ADDRESS -> known.stream().anyMatch(at -> at.getAddress().equals(from.getAddress()));
          case PORT -> known.contains(from);
        };
    return passes ? hosts.get(port) : null;
  }

  /** Forgets all mappings; new ones have other ports. */
  void flush() {
    ports.clear();
    hosts.clear();
    sentTo.clear();
  }
}
