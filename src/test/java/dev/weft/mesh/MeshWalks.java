package dev.weft.mesh;

import dev.weft.mesh.route.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/** Follows frames through a simulated mesh, by the forwarding tables as they are. */
public final class MeshWalks {
  /**
   * A way on which frames go round.
   *
   * @param nodes by index, the lowest first, in the order of frames
   */
  record Loop(int destination, List<Integer> nodes) {}

  private final MeshSimulation mesh;
  private final int size;

  /** By node, the walk that passed it last. */
  private final int[] passed;

  private int walks;
  private final Map<Loop, Long> began = new HashMap<>();
  private long longestLoop;
  private int mostLoops;

  public MeshWalks(MeshSimulation mesh) {
    this.mesh = mesh;
    this.size = mesh.nodes().size();
    this.passed = new int[size];
  }

  /** Where frames go from a node; null if they end there. */
  private static MeshSimulation.Node next(MeshSimulation.Node at, MeshSimulation.Node to) {
    MeshSimulation.End end = at.table.linkTo(to.id);
    return end == null || !end.open ? null : end.peer();
  }

  /** Whether frames from every node arrive at every other one, without passing a node twice. */
  public boolean complete() {
    for (MeshSimulation.Node to : mesh.nodes()) {
      int before = walks;
      for (MeshSimulation.Node from : mesh.nodes()) {
        walks++;
        MeshSimulation.Node at = from;
        // A node that an earlier walk to this destination passed, leads there.
        while (at != to && passed[at.index] <= before) {
          passed[at.index] = walks;
          at = next(at, to);
          if (at == null) {
            return false;
          }
        }
        if (at != to && passed[at.index] == walks) {
          return false;
        }
      }
    }
    return true;
  }

  /** All ways on which frames go round now. */
  Set<Loop> loops() {
    Set<Loop> found = new HashSet<>();
    for (MeshSimulation.Node to : mesh.nodes()) {
      int before = walks;
      for (MeshSimulation.Node from : mesh.nodes()) {
        walks++;
        MeshSimulation.Node at = from;
        while (at != null && at != to && passed[at.index] <= before) {
          passed[at.index] = walks;
          at = next(at, to);
        }
        if (at != null && at != to && passed[at.index] == walks) {
          found.add(loop(at, to));
        }
      }
    }
    return found;
  }

  private static Loop loop(MeshSimulation.Node begin, MeshSimulation.Node to) {
    List<Integer> nodes = new ArrayList<>();
    MeshSimulation.Node at = begin;
    do {
      nodes.add(at.index);
      at = next(at, to);
    } while (at != begin);
    Collections.rotate(nodes, -nodes.indexOf(Collections.min(nodes)));
    return new Loop(to.index, nodes);
  }

  /** Looks for loops; called again and again, it tells how long each lasts. */
  public void watch() {
    Set<Loop> loops = loops();
    mostLoops = Math.max(mostLoops, loops.size());
    loops.forEach(loop -> began.putIfAbsent(loop, mesh.now()));
    began
        .entrySet()
        .removeIf(
            loop -> {
              longestLoop = Math.max(longestLoop, mesh.now() - loop.getValue());
              return !loops.contains(loop.getKey());
            });
  }

  /** How long a loop was seen at most, nanoseconds. */
  public long longestLoop() {
    return longestLoop;
  }

  /** How many loops were seen at once. */
  public int mostLoops() {
    return mostLoops;
  }

  /** How many pairs of nodes there are of which the first has a route to the second. */
  public long routes() {
    return mesh.nodes().stream().mapToLong(node -> node.table.size()).sum();
  }

  /** The delay of a path over that of the shortest one, mean of all pairs; only if complete. */
  public double stretch() {
    double sum = 0;
    for (MeshSimulation.Node from : mesh.nodes()) {
      long[] least = least(from);
      for (Path<MeshSimulation.End> path : from.router.paths()) {
        MeshSimulation.Node at = from;
        long micros = 0;
        while (at.id != path.destination()) {
          MeshSimulation.End end = at.table.linkTo(path.destination());
          micros += end.delayMicros;
          at = end.peer();
        }
        sum += (double) micros / least[at.index];
      }
    }
    return sum / routes();
  }

  private long[] least(MeshSimulation.Node from) {
    record Reached(MeshSimulation.Node node, long micros) {}
    long[] least = new long[size];
    Arrays.fill(least, Long.MAX_VALUE);
    PriorityQueue<Reached> next = new PriorityQueue<>(Comparator.comparingLong(Reached::micros));
    next.add(new Reached(from, 0));
    while (!next.isEmpty()) {
      Reached reached = next.remove();
      if (least[reached.node().index] < Long.MAX_VALUE) {
        continue;
      }
      least[reached.node().index] = reached.micros();
      for (MeshSimulation.End end : reached.node().ends) {
        if (end.open) {
          next.add(new Reached(end.peer(), reached.micros() + end.delayMicros));
        }
      }
    }
    return least;
  }
}
