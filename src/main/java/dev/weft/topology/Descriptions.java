package dev.weft.topology;

import dev.weft.address.Cidr;
import dev.weft.pod.PodRef;
import dev.weft.wire.WireSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What topologies say about links, one side compared with the other. What only one side asks for
 * (an address, an MTU, a kind) holds for the link; where both ask, they must ask alike.
 */
final class Descriptions {
  /** Meshnet's name for a device of the node as the other end. */
  static final String LOCALHOST = "localhost";

  private final Map<PodRef, Topology> topologies = new TreeMap<>();
  private final Map<PodRef, Map<Long, List<TopologyLink>>> byUid = new HashMap<>();

  /** The result of comparing the descriptions of a link. */
  sealed interface Finding {}

  /** Both sides say the same. */
  record Alike(LinkDescription link) implements Finding {}

  /** The sides differ; the reason has each difference by path and value. */
  record Differs(String reason) implements Finding {}

  /**
   * Only one side describes the link.
   *
   * @param wire the id that the wire will have, null if there will be none
   */
  record Alone(String wire, String reason) implements Finding {}

  Descriptions(Collection<Topology> all) {
    for (Topology topology : all) {
      topologies.put(topology.pod(), topology);
      Map<Long, List<TopologyLink>> links = new HashMap<>();
      topology.links().forEach(l -> links.computeIfAbsent(l.uid(), u -> new ArrayList<>()).add(l));
      byUid.put(topology.pod(), links);
    }
  }

  /** By pod. */
  Collection<Topology> topologies() {
    return topologies.values();
  }

  Finding find(PodRef pod, TopologyLink link) {
    if (link.peerPod().equals(LOCALHOST)) {
      SingleLink toDevice =
          new SingleLink(
              link.uid(),
              local(pod, link),
              peer(new PodRef(pod.ns(), LOCALHOST), link),
              link.mtu(),
              link.kind(),
              null);
      return new Alike(LinkDescription.of(toDevice));
    }
    PodRef peer = new PodRef(pod.ns(), link.peerPod());
    if (!topologies.containsKey(peer)) {
      return new Alone(
          idOf(pod, link, peer),
          name(peer) + " has no topology: the link is described by " + name(pod) + " alone");
    }
    TopologyLink reverse = reverse(pod, link, peer);
    if (reverse == null) {
      String lacking = peer.equals(pod) ? " has no reverse of it" : " has no link with that uid";
      return new Differs(
          say(pod, link, "peer_pod", link.peerPod()) + ", but " + name(peer) + lacking);
    }
    List<String> differences = differences(pod, link, peer, reverse);
    if (!differences.isEmpty()) {
      return new Differs(String.join("; ", differences));
    }
    SingleLink both =
        new SingleLink(
            link.uid(),
            or(local(pod, link), peer(pod, reverse)),
            or(peer(peer, link), local(peer, reverse)),
            or(link.mtu(), reverse.mtu()),
            or(link.kind(), reverse.kind()),
            or(link.open(), reverse.open()));
    return new Alike(LinkDescription.of(both));
  }

  private static SingleLink.End local(PodRef pod, TopologyLink link) {
    return new SingleLink.End(
        pod, link.localIntf(), link.localIp(), link.localMac(), link.localName(), link.localNic());
  }

  private static SingleLink.End peer(PodRef pod, TopologyLink link) {
    return new SingleLink.End(
        pod, link.peerIntf(), link.peerIp(), link.peerMac(), link.peerName(), link.peerNic());
  }

  /** A link as this side alone describes it. */
  static LinkDescription alone(PodRef pod, TopologyLink link) {
    SingleLink.End there = peer(new PodRef(pod.ns(), link.peerPod()), link);
    return LinkDescription.of(
        new SingleLink(link.uid(), local(pod, link), there, link.mtu(), link.kind(), link.open()));
  }

  /** An end as one side describes it, with what only the other one says. */
  private static SingleLink.End or(SingleLink.End asked, SingleLink.End otherwise) {
    return new SingleLink.End(
        asked.pod(),
        asked.intf(),
        or(asked.address(), otherwise.address()),
        or(asked.mac(), otherwise.mac()),
        or(asked.name(), otherwise.name()),
        or(asked.nic(), otherwise.nic()));
  }

  /** Each contradiction once, though both sides of a link have it. */
  List<String> contradictions() {
    List<String> found = new ArrayList<>();
    for (Topology topology : topologies.values()) {
      PodRef pod = topology.pod();
      for (TopologyLink link : topology.links()) {
        PodRef peer = new PodRef(pod.ns(), link.peerPod());
        TopologyLink reverse = reverse(pod, link, peer);
        boolean toldByPeer =
            reverse != null
                && reverse.peerPod().equals(pod.name())
                && Comparator.comparing(PodRef::toString).compare(peer, pod) < 0;
        boolean toldByReverse =
            reverse != null
                && peer.equals(pod)
                && reverse.localIntf().compareTo(link.localIntf()) < 0;
        if (!toldByPeer && !toldByReverse && find(pod, link) instanceof Differs differs) {
          found.add(differs.reason());
        }
      }
    }
    return found;
  }

  /** The wire's id as this side alone would have it. */
  static String idOf(PodRef pod, TopologyLink link, PodRef peer) {
    return WireSpec.idOf(pod.ns(), link.uid(), pod, link.localIntf(), peer, link.peerIntf());
  }

  /** A pod in a sentence: its namespace is named where it is not the default. */
  static String name(PodRef pod) {
    return pod.ns().equals(PodRef.DEFAULT_NAMESPACE) ? pod.name() : pod.toString();
  }

  /** The peer's link of that uid, null if there is none; a uid stands twice only in a loop. */
  private TopologyLink reverse(PodRef pod, TopologyLink link, PodRef peer) {
    List<TopologyLink> theirs =
        byUid.getOrDefault(peer, Map.of()).getOrDefault(link.uid(), List.of());
    if (!peer.equals(pod)) {
      return theirs.isEmpty() ? null : theirs.get(0);
    }
    return theirs.stream()
        .filter(other -> !other.localIntf().equals(link.localIntf()))
        .findFirst()
        .orElse(null);
  }

  private static List<String> differences(
      PodRef pod, TopologyLink link, PodRef peer, TopologyLink reverse) {
    if (!reverse.peerPod().equals(pod.name())) {
      return List.of(
          say(pod, link, "peer_pod", link.peerPod())
              + ", but "
              + say(peer, reverse, " has peer_pod", reverse.peerPod()));
    }
    List<String> found = new ArrayList<>();
    Comparison compare = new Comparison(pod, link, peer, reverse, found);
    compare.same("local_intf", link.localIntf(), "peer_intf", reverse.peerIntf());
    compare.same("peer_intf", link.peerIntf(), "local_intf", reverse.localIntf());
    compare.address("local_ip", link.localIp(), "peer_ip", reverse.peerIp());
    compare.address("peer_ip", link.peerIp(), "local_ip", reverse.localIp());
    compare.asked("local_mac", link.localMac(), "peer_mac", reverse.peerMac());
    compare.asked("peer_mac", link.peerMac(), "local_mac", reverse.localMac());
    compare.asked("local_name", link.localName(), "peer_name", reverse.peerName());
    compare.asked("peer_name", link.peerName(), "local_name", reverse.localName());
    compare.asked("local_nic", link.localNic(), "peer_nic", reverse.peerNic());
    compare.asked("peer_nic", link.peerNic(), "local_nic", reverse.localNic());
    compare.asked("mtu", link.mtu(), "mtu", reverse.mtu());
    compare.asked("kind", link.kind(), "kind", reverse.kind());
    compare.asked("open", link.open(), "open", reverse.open());
    return found;
  }

  private record Comparison(
      PodRef pod, TopologyLink link, PodRef peer, TopologyLink reverse, List<String> found) {
    void same(String key, Object value, String theirKey, Object theirs) {
      if (!Objects.equals(value, theirs)) {
        differ(key, value, theirKey, theirs);
      }
    }

    void address(String key, String value, String theirKey, String theirs) {
      if (value != null && theirs != null && !Cidr.parse(value).equals(Cidr.parse(theirs))) {
        differ(key, value, theirKey, theirs);
      }
    }

    void asked(String key, Object value, String theirKey, Object theirs) {
      if (value != null && theirs != null) {
        same(key, value, theirKey, theirs);
      }
    }

    private void differ(String key, Object value, String theirKey, Object theirs) {
      found.add(
          say(pod, link, key, value) + ", but " + say(peer, reverse, " has " + theirKey, theirs));
    }
  }

  /** {@code r1 uid 1: peer_intf eth1}, or {@code r2 uid 1 has local_intf eth2}. */
  private static String say(PodRef pod, TopologyLink link, String key, Object value) {
    String join = key.startsWith(" ") ? "" : ": ";
    return name(pod) + " uid " + link.uid() + join + key + " " + value;
  }

  private static <T> T or(T asked, T otherwise) {
    return asked == null ? otherwise : asked;
  }
}
