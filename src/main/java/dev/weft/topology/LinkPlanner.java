package dev.weft.topology;

import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.wire.WireKind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Decides which links can be joined, how, and why the others cannot. Two wires never share an
 * interface: within a topology an interface stands once, a topology takes it from a single link,
 * and two single links that want the same one both go without.
 */
final class LinkPlanner {
  static final String JOINING = "joining";
  static final String WAITING = "waiting";
  static final String CONTRADICTION = "contradiction";

  private final Map<PodRef, Pod> pods = new HashMap<>();
  private final int defaultMtu;
  private final UnaryOperator<String> names;
  private final Map<String, Placement> placements = new LinkedHashMap<>();
  private final List<Plan.Joined> open = new ArrayList<>();
  private final Set<String> interrupted = new HashSet<>();

  /**
   * @param reason why the link is not joined, null if it is
   */
  private record Placement(String reason, Plan.Joined joined) {}

  private record Interface(PodRef pod, String name) {}

  private LinkPlanner(Collection<Pod> known, int defaultMtu, UnaryOperator<String> names) {
    known.forEach(pod -> pods.put(pod.ref(), pod));
    this.defaultMtu = defaultMtu;
    this.names = names;
  }

  /**
   * @param topologies checked ones, as {@link TopologyObject} reads them
   * @param pods of all live members, and of nodes that are away, with that as their problem
   * @param defaultMtu bytes, for links that ask for none
   * @param names of nodes by id, for people
   */
  static Plan plan(
      Collection<Topology> topologies,
      Collection<SingleLink> singles,
      Collection<Pod> pods,
      int defaultMtu,
      UnaryOperator<String> names) {
    return new LinkPlanner(pods, defaultMtu, names).plan(new Descriptions(topologies), singles);
  }

  private Plan plan(Descriptions descriptions, Collection<SingleLink> singles) {
    SortedMap<PodRef, List<LinkStatus>> links = new TreeMap<>();
    Map<Interface, Long> taken = new HashMap<>();
    for (Topology topology : descriptions.topologies()) {
      List<LinkStatus> statuses = new ArrayList<>();
      for (TopologyLink link : topology.links()) {
        taken.put(new Interface(topology.pod(), link.localIntf()), link.uid());
        statuses.add(status(topology.pod(), link, descriptions.find(topology.pod(), link)));
      }
      links.put(topology.pod(), List.copyOf(statuses));
    }
    SortedMap<String, LinkStatus> single = planSingles(singles, taken);
    List<Plan.Joined> joined =
        Stream.concat(
                placements.values().stream().filter(p -> p.reason == null).map(p -> p.joined),
                open.stream())
            .toList();
    return new Plan(links, single, joined, Set.copyOf(interrupted), Map.copyOf(pods), Set.of());
  }

  private SortedMap<String, LinkStatus> planSingles(
      Collection<SingleLink> singles, Map<Interface, Long> taken) {
    Map<Interface, Set<String>> claims = new HashMap<>();
    for (SingleLink link : singles) {
      String id = LinkDescription.of(link).id();
      claims.computeIfAbsent(interfaceOf(link.a()), i -> new HashSet<>()).add(id);
      claims.computeIfAbsent(interfaceOf(link.b()), i -> new HashSet<>()).add(id);
    }
    SortedMap<String, LinkStatus> statuses = new TreeMap<>();
    for (SingleLink link : singles) {
      LinkDescription described = LinkDescription.of(link);
      List<String> reasons = new ArrayList<>();
      for (SingleLink.End end : List.of(link.a(), link.b())) {
        Long uid = taken.get(interfaceOf(end));
        if (uid != null) {
          reasons.add(say(end) + " belongs to uid " + uid + " of its topology");
        } else if (claims.get(interfaceOf(end)).size() > 1) {
          reasons.add(say(end) + " is claimed by another link too");
        }
      }
      statuses.put(
          described.id(),
          reasons.isEmpty()
              ? placed(described, link.a().pod(), link.a().intf())
              : status(described, link.a(), CONTRADICTION, String.join("; ", reasons)));
    }
    return statuses;
  }

  private LinkStatus status(PodRef pod, TopologyLink link, Descriptions.Finding finding) {
    if (finding instanceof Descriptions.Alike alike) {
      return placed(alike.link(), pod, link.localIntf());
    }
    PodRef peer = new PodRef(pod.ns(), link.peerPod());
    boolean differs = finding instanceof Descriptions.Differs;
    String reason =
        finding instanceof Descriptions.Differs d
            ? d.reason()
            : ((Descriptions.Alone) finding).reason();
    String wire = finding instanceof Descriptions.Alone alone ? alone.wire() : null;
    if (wire != null && Boolean.TRUE.equals(link.open())) {
      LinkDescription alone = Descriptions.alone(pod, link);
      placements.computeIfAbsent(
          alone.id(),
          id -> {
            leaveOpen(alone, end -> end.pod().equals(pod));
            return new Placement(reason, null);
          });
    }
    return new LinkStatus(
        pod,
        link.uid(),
        link.localIntf(),
        link.localIp(),
        peer,
        link.peerIntf(),
        link.peerIp(),
        wire,
        link.kind(),
        link.mtu() == null ? defaultMtu : link.mtu(),
        differs ? CONTRADICTION : WAITING,
        reason,
        nodeOf(pod),
        nodeOf(peer));
  }

  private LinkStatus placed(LinkDescription described, PodRef pod, String intf) {
    Placement placement = placements.computeIfAbsent(described.id(), id -> place(described));
    SingleLink.End end = described.endOf(pod, intf);
    return placement.reason == null
        ? status(described, end, JOINING, null)
        : status(described, end, WAITING, placement.reason);
  }

  private LinkStatus status(
      LinkDescription described, SingleLink.End end, String state, String reason) {
    SingleLink.End peer = described.peerOf(end.pod(), end.intf());
    Placement placement = placements.get(described.id());
    boolean joined = placement != null && placement.joined != null;
    return new LinkStatus(
        end.pod(),
        described.link().uid(),
        end.intf(),
        end.address(),
        peer.pod(),
        peer.intf(),
        peer.address(),
        described.id(),
        joined ? placement.joined.kind().toString() : described.link().kind(),
        mtuOf(described),
        state,
        reason,
        nodeOf(end.pod()),
        nodeOf(peer.pod()));
  }

  private Placement place(LinkDescription described) {
    SingleLink link = described.link();
    Set<String> reasons = new LinkedHashSet<>();
    for (SingleLink.End end : List.of(link.a(), link.b())) {
      if (isDevice(end)) {
        continue;
      }
      Pod pod = pods.get(end.pod());
      if (pod == null) {
        reasons.add("pod " + end.pod() + " is registered on no node");
      } else if (!pod.alive()) {
        reasons.add(
            "pod " + end.pod() + " on node " + names.apply(pod.node()) + ": " + pod.problem());
      }
    }
    if (isSegment(link.a()) && link.a().pod().equals(link.b().pod())) {
      return new Placement("both ends are at segment " + Descriptions.name(link.a().pod()), null);
    }
    Optional<String> wrong =
        Stream.of(link.a(), link.b())
            .filter(this::isSegment)
            .map(this::wrongAtSegment)
            .filter(Objects::nonNull)
            .findFirst();
    if (wrong.isPresent()) {
      return new Placement(wrong.get(), null);
    }
    if (!reasons.isEmpty()) {
      interrupted.add(described.id());
      leaveOpen(described, end -> true);
      return new Placement(String.join("; ", reasons), null);
    }
    String nodeA = nodeOf(link.a().pod());
    String nodeB = nodeOf(link.b().pod());
    List<WireKind> possible = possible(link, nodeA, nodeB);
    if (link.kind() != null && !possible.contains(WireKind.parse(link.kind()))) {
      return new Placement(
          "kind %s: %s (possible: %s)"
              .formatted(
                  link.kind(),
                  where(link, nodeA, nodeB),
                  possible.stream().map(WireKind::toString).collect(Collectors.joining(", "))),
          null);
    }
    WireKind kind = link.kind() == null ? possible.get(0) : WireKind.parse(link.kind());
    return new Placement(null, new Plan.Joined(described, kind, mtuOf(described), nodeA, nodeB));
  }

  /**
   * Has the end of an open link made whose pod is there.
   *
   * @param asked which ends are wanted by themselves
   */
  private void leaveOpen(LinkDescription described, Predicate<SingleLink.End> asked) {
    SingleLink link = described.link();
    String a = asked.test(link.a()) ? openAt(link.a()) : null;
    String b = asked.test(link.b()) ? openAt(link.b()) : null;
    if (described.isOpen() && (a == null) != (b == null)) {
      open.add(new Plan.Joined(described, WireKind.GRPC, mtuOf(described), a, b));
    }
  }

  /** The node that makes an end by itself; null if none can, or there is nothing to make. */
  private String openAt(SingleLink.End end) {
    Pod pod = pods.get(end.pod());
    return pod == null || !pod.alive() || isCarriedByNode(end) || isDevice(end) ? null : pod.node();
  }

  /** The kinds that fit where the pods are, the usual one first. */
  private List<WireKind> possible(SingleLink link, String nodeA, String nodeB) {
    if (isDevice(link.a()) || isDevice(link.b())) {
      return List.of(WireKind.MACVLAN);
    }
    boolean carried = Stream.of(link.a(), link.b()).anyMatch(this::isCarriedByNode);
    if (carried) {
      return List.of(nodeA.equals(nodeB) ? WireKind.PATCH : WireKind.GRPC);
    }
    return nodeA.equals(nodeB) ? List.of(WireKind.VETH) : List.of(WireKind.GRPC, WireKind.VXLAN);
  }

  /** Whether frames of this end pass the node in any case. */
  private boolean isCarriedByNode(SingleLink.End end) {
    return end.nic() != null || isSegment(end);
  }

  private boolean isSegment(SingleLink.End end) {
    Pod pod = pods.get(end.pod());
    return pod != null && pod.isSegment();
  }

  /** What a port of a segment cannot have, since it is no interface; null if nothing. */
  private String wrongAtSegment(SingleLink.End end) {
    return Stream.of(end.address(), end.mac(), end.name(), end.nic())
        .filter(Objects::nonNull)
        .findFirst()
        .map(
            value ->
                "%s: %s (expected: nothing but a name at a port of a segment)"
                    .formatted(say(end), value))
        .orElse(null);
  }

  private static boolean isDevice(SingleLink.End end) {
    return end.pod().name().equals(Descriptions.LOCALHOST);
  }

  private String where(SingleLink link, String nodeA, String nodeB) {
    if (isDevice(link.a()) || isDevice(link.b())) {
      return "peer_pod localhost is a device of the node";
    }
    String a = Descriptions.name(link.a().pod());
    String b = Descriptions.name(link.b().pod());
    return nodeA.equals(nodeB)
        ? a + " and " + b + " are both on node " + names.apply(nodeA)
        : a + " is on node " + names.apply(nodeA) + " and " + b + " on node " + names.apply(nodeB);
  }

  private int mtuOf(LinkDescription described) {
    Integer asked = described.link().mtu();
    return asked == null ? defaultMtu : asked;
  }

  private String nodeOf(PodRef pod) {
    Pod known = pods.get(pod);
    return known == null ? null : known.node();
  }

  private static Interface interfaceOf(SingleLink.End end) {
    return new Interface(end.pod(), end.intf());
  }

  private static String say(SingleLink.End end) {
    return "interface " + end.intf() + " of " + Descriptions.name(end.pod());
  }
}
