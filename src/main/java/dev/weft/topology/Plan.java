package dev.weft.topology;

import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.wire.NicUse;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What follows from topologies, single links and pods; the same on every node that knows the same.
 *
 * @param links how each link of each topology stands, without the state of its wire: {@code
 *     joining} is what the wire room is asked for
 * @param singles the same for single links, by wire id
 * @param joined the links that can be joined now, and ends that stand open
 * @param interrupted wires of links whose pods are lost or registered nowhere: none is made for
 *     them, one that stands may stay
 * @param pods by name
 * @param cut wires that were cut by command
 */
record Plan(
    SortedMap<PodRef, List<LinkStatus>> links,
    SortedMap<String, LinkStatus> singles,
    List<Joined> joined,
    Set<String> interrupted,
    Map<PodRef, Pod> pods,
    Set<String> cut) {

  Plan withCut(Set<String> wires) {
    return new Plan(links, singles, joined, interrupted, pods, wires);
  }

  /**
   * A link with the nodes of its ends.
   *
   * @param nodeA of end a; null for a device of the other end's node, and for one that is nowhere
   * @param nodeB of end b, likewise
   */
  record Joined(LinkDescription described, WireKind kind, int mtu, String nodeA, String nodeB) {
    /** Seen from the node of one end. */
    WireSpec spec(boolean fromA) {
      SingleLink link = described.link();
      WireSpec.End a = end(link.a(), nodeA);
      WireSpec.End b = end(link.b(), nodeB);
      return new WireSpec(
          described.id(), described.ns(), link.uid(), kind, mtu, fromA ? a : b, fromA ? b : a);
    }

    private static WireSpec.End end(SingleLink.End end, String node) {
      return new WireSpec.End(
          end.pod(), end.intf(), end.address(), null, end.mac(), end.name(), nic(end), node);
    }

    private static NicUse nic(SingleLink.End end) {
      return end.nic() == null ? null : NicUse.parse(end.nic());
    }
  }

  /** The wires that a node should have, by id. */
  SortedMap<String, WireSpec> wanted(String node) {
    SortedMap<String, WireSpec> wanted = new TreeMap<>();
    for (Joined link : joined) {
      boolean hasA = node.equals(link.nodeA());
      boolean hasB = node.equals(link.nodeB());
      if (hasA || hasB) {
        String id = link.described().id();
        WireSpec spec = link.spec(hasA && (!hasB || fromA(link.described().link())));
        wanted.put(id, spec.withCut(cut.contains(id)));
      }
    }
    return wanted;
  }

  /** Whether a node of both ends sees the wire from end a: a pod's interface goes first. */
  private boolean fromA(SingleLink link) {
    return isInterface(link.a()) || !isInterface(link.b());
  }

  private boolean isInterface(SingleLink.End end) {
    Pod pod = pods.get(end.pod());
    return end.nic() == null && (pod == null || !pod.isSegment());
  }
}
