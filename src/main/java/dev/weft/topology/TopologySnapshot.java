package dev.weft.topology;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.pod.PodRef;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * The table of topologies at one moment.
 *
 * @param links single links by wire id
 * @param cut wires that were cut by command
 */
record TopologySnapshot(
    SortedMap<PodRef, Topology> topologies,
    SortedMap<String, SingleLink> links,
    SortedSet<String> cut) {

  /** NOT_FOUND if nothing describes the wire. */
  void checkDescribed(String wire) {
    if (!described().contains(wire)) {
      throw noLink(wire);
    }
  }

  /** Wires that are cut, though nothing describes them any more. */
  List<String> leftCut() {
    if (cut.isEmpty()) {
      return List.of();
    }
    Set<String> described = described();
    return cut.stream().filter(wire -> !described.contains(wire)).toList();
  }

  private Set<String> described() {
    Set<String> wires = new HashSet<>(links.keySet());
    topologies
        .values()
        .forEach(
            topology -> topology.links().forEach(link -> wires.add(idOf(topology.pod(), link))));
    return wires;
  }

  private static String idOf(PodRef pod, TopologyLink link) {
    return Descriptions.idOf(pod, link, new PodRef(pod.ns(), link.peerPod()));
  }

  private static WeftException noLink(String wire) {
    return Fault.NOT_FOUND.because("no link has the wire " + wire);
  }

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
        if (idOf(topology.pod(), link).equals(wire)) {
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
    throw noLink(wire);
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
