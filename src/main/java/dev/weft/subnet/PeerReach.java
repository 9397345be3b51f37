package dev.weft.subnet;

import dev.weft.address.IpAddress;
import dev.weft.linux.IcmpEcho;
import dev.weft.subnet.OverlayProbe.Request;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whether packets get to members and their pods, found out by echo requests: to a member's own
 * address on the overlay, short ones and ones of full length, and to a pod that answers its own
 * node. What stops the pods' packets is then between the hosts, or it is what a host does with
 * packets that it forwards. Knows no clock and no socket. For the room's event loop.
 */
final class PeerReach {
  /** Rounds without an answer after which something is wrong: members begin one after the other. */
  static final int SILENT_ROUNDS = 4;

  /** What does not get through. */
  enum Lack {
    /** Nothing that the host answers. */
    HOST,
    /** Packets of full length, though short ones do. */
    LENGTH,
    /** Packets to a pod, though those to the host do. */
    POD
  }

  /** The requests to one member, and for how many rounds each has had no answer. */
  private record Asked(String name, Map<Lack, Request> requests, Map<Lack, Integer> silence) {
    Optional<Lack> lack() {
      return silence.entrySet().stream()
          .filter(of -> of.getValue() >= SILENT_ROUNDS)
          .map(Map.Entry::getKey)
          .findFirst();
    }
  }

  private final Map<String, Asked> members = new TreeMap<>();
  private List<InetAddress> pods = List.of();
  private Optional<InetAddress> candidate = Optional.empty();
  private int silence;
  private boolean answered;

  /**
   * Says what to ask from now on.
   *
   * @param peers the members that are here and that VXLAN carries packets to
   * @param witnesses by node id, a pod there that answers its own node
   * @param mtu of this node's overlay, bytes
   * @param own the addresses of this node's pods
   */
  void want(
      Collection<Wanted.Peer> peers,
      Map<String, InetAddress> witnesses,
      int mtu,
      List<InetAddress> own) {
    Set<String> nodes = new HashSet<>();
    for (Wanted.Peer peer : peers) {
      nodes.add(peer.node());
      Map<Lack, Request> requests = new EnumMap<>(Lack.class);
      InetAddress router = peer.router();
      requests.put(Lack.HOST, new Request(router, 0));
      int length = peer.pathMtu(mtu);
      if (length > 0) {
        requests.put(Lack.LENGTH, new Request(router, IcmpEcho.payload(router, length)));
      }
      InetAddress witness = witnesses.get(peer.node());
      if (witness != null) {
        requests.put(Lack.POD, new Request(witness, 0));
      }
      Asked before = members.get(peer.node());
      Map<Lack, Integer> silent = new EnumMap<>(Lack.class);
      requests.forEach(
          (lack, request) -> {
            boolean same = before != null && request.equals(before.requests().get(lack));
            silent.put(lack, same ? before.silence().get(lack) : 0);
          });
      members.put(peer.node(), new Asked(peer.name(), requests, silent));
    }
    members.keySet().retainAll(nodes);
    pods = List.copyOf(own);
    if (candidate.filter(pods::contains).isEmpty()) {
      next();
    }
  }

  private void next() {
    int at = candidate.map(pods::indexOf).orElse(-1) + 1;
    candidate = pods.isEmpty() ? Optional.empty() : Optional.of(pods.get(at % pods.size()));
    silence = 0;
    answered = false;
  }

  Set<Request> requests() {
    Set<Request> all = new HashSet<>();
    members.values().forEach(asked -> all.addAll(asked.requests().values()));
    // With nobody to tell it to, no pod is asked.
    candidate.filter(pod -> !members.isEmpty()).ifPresent(pod -> all.add(new Request(pod, 0)));
    return all;
  }

  /**
   * Notes the answers of a round.
   *
   * @return whether something else is found now
   */
  boolean heard(Set<Request> answers) {
    Map<String, String> before = problems();
    Optional<InetAddress> formerly = witness();
    for (Asked asked : members.values()) {
      asked
          .requests()
          .forEach(
              (lack, request) ->
                  asked
                      .silence()
                      .merge(
                          lack, 1, (rounds, one) -> answers.contains(request) ? 0 : rounds + one));
    }
    if (candidate.isPresent()) {
      if (answers.contains(new Request(candidate.get(), 0))) {
        answered = true;
        silence = 0;
      } else if (++silence >= SILENT_ROUNDS) {
        next();
      }
    }
    return !before.equals(problems()) || !formerly.equals(witness());
  }

  /** A pod of this node that answers it. */
  Optional<InetAddress> witness() {
    return answered ? candidate : Optional.empty();
  }

  /** The names of the members that lack it. */
  List<String> lacking(Lack lack) {
    List<String> names = new ArrayList<>();
    for (Asked asked : members.values()) {
      if (asked.lack().equals(Optional.of(lack))) {
        names.add(asked.name());
      }
    }
    return names;
  }

  /** Why packets do not get to a member, as far as answers show; null if they do. */
  String problem(String node) {
    Asked asked = members.get(node);
    return asked == null ? null : asked.lack().map(lack -> words(asked, lack)).orElse(null);
  }

  private Map<String, String> problems() {
    Map<String, String> problems = new HashMap<>();
    members.keySet().forEach(node -> problems.put(node, problem(node)));
    return problems;
  }

  private static String words(Asked asked, Lack lack) {
    Request request = asked.requests().get(lack);
    String to = IpAddress.format(request.to());
    return switch (lack) {
      case HOST -> "its host does not answer over the overlay, " + to;
      case LENGTH ->
          "packets of full length do not arrive, ping with %d bytes to %s, though short ones do"
              .formatted(request.payload(), to);
      case POD -> "its host does not pass packets on to its pods, such as " + to;
    };
  }
}
