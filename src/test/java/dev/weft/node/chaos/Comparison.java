package dev.weft.node.chaos;

import java.util.List;

/** A world against what each running node, the other members and the kernel show. */
final class Comparison {
  private Comparison() {}

  /** All differences in words; none if the world is as it has to be. */
  static List<String> of(Scene scene) throws Exception {
    Differences differences = new Differences();
    ListComparison lists = new ListComparison(scene, differences);
    HostComparison hosts = new HostComparison(scene, differences);
    ConnectionComparison connections = new ConnectionComparison(scene, differences);
    for (int node : scene.up()) {
      lists.compare(node);
      hosts.compare(node);
      connections.compare(node);
    }
    PodComparison pods = new PodComparison(scene, differences, connections.clients());
    pods.namespaces();
    if (differences.found().isEmpty()) {
      pods.frames();
    }
    return differences.found();
  }
}
