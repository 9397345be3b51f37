package dev.weft.topology;

import dev.weft.bus.Fault;
import dev.weft.pod.PodRef;
import java.util.List;
import java.util.SortedMap;

/**
 * The table of topologies at one moment.
 *
 * @param links single links by wire id
 */
record TopologySnapshot(
    SortedMap<PodRef, Topology> topologies, SortedMap<String, SingleLink> links) {

  /** NOT_FOUND for a pod without a topology. */
  Topology topologyOf(PodRef pod) {
    Topology topology = topologies.get(pod);
    if (topology == null) {
      throw Fault.NOT_FOUND.because("pod " + pod + " has no topology");
    }
    return topology;
  }

  /** EXHAUSTED if there is more than a cluster keeps. */
  void checkSize() {
    checkCount("topologies", topologies.size(), TopologyFile.MAX_TOPOLOGIES);
    int inTopologies = topologies.values().stream().mapToInt(t -> t.links().size()).sum();
    checkCount("links", inTopologies + links.size(), TopologyFile.MAX_LINKS);
  }

  /** CONFLICT if another link has an end of this one. */
  void checkFree(LinkDescription wanted) {
    for (SingleLink.End end : List.of(wanted.link().a(), wanted.link().b())) {
      if (topologies.containsKey(end.pod())) {
        for (TopologyLink link : topologies.get(end.pod()).links()) {
          if (link.localIntf().equals(end.intf())) {
            throw taken(end, "uid " + link.uid() + " of its topology");
          }
        }
      }
      links.forEach(
          (wire, other) -> {
            if (!wire.equals(wanted.id()) && hasEnd(other, end)) {
              throw taken(end, "uid " + other.uid() + ", wire " + wire);
            }
          });
    }
  }

  /** CONFLICT if a topology describes the wire, NOT_FOUND if nothing does. */
  void checkSingle(String wire) {
    if (links.containsKey(wire)) {
      return;
    }
    for (Topology topology : topologies.values()) {
      for (TopologyLink link : topology.links()) {
        PodRef peer = new PodRef(topology.pod().ns(), link.peerPod());
        if (Descriptions.idOf(topology.pod(), link, peer).equals(wire)) {
          throw Fault.CONFLICT.because(
              "wire "
                  + wire
                  + ": uid "
                  + link.uid()
                  + " of the topology of pod "
                  + topology.pod()
                  + " (expected: a link without a topology; change that topology)");
        }
      }
    }
    throw Fault.NOT_FOUND.because("no link has the wire " + wire);
  }

  private static boolean hasEnd(SingleLink link, SingleLink.End end) {
    return sameInterface(link.a(), end) || sameInterface(link.b(), end);
  }

  private static boolean sameInterface(SingleLink.End one, SingleLink.End other) {
    return one.pod().equals(other.pod()) && one.intf().equals(other.intf());
  }

  private static RuntimeException taken(SingleLink.End end, String by) {
    return Fault.CONFLICT.because(
        "interface " + end.intf() + " of pod " + end.pod() + " is taken by link " + by);
  }

  private static void checkCount(String what, int count, int limit) {
    if (count > limit) {
      throw Fault.EXHAUSTED.because(
          what + ": " + count + " (expected: " + limit + " at most in the cluster)");
    }
  }
}
