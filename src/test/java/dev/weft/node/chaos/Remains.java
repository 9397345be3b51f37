package dev.weft.node.chaos;

import dev.weft.linux.Netns;
import dev.weft.node.chaos.World.Place;
import dev.weft.testkit.TestNetns;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a node that was stopped for good left in the kernel, which is to be nothing. */
final class Remains {
  private final ChaosLab lab;
  private final World world;
  private final Differences differences = new Differences();

  private Remains(ChaosLab lab, World world) {
    this.lab = lab;
    this.world = world;
  }

  /** All differences in words; none if there is nothing. */
  static List<String> of(ChaosLab lab, int node, World world) throws Exception {
    Remains remains = new Remains(lab, world);
    remains.look(node);
    return remains.differences.found();
  }

  private void look(int node) throws Exception {
    for (Map.Entry<String, Place> pod : world.pods().entrySet()) {
      if (pod.getValue().node() == node) {
        TestNetns netns = lab.netns(pod.getKey(), pod.getValue().netns());
        differences.compare(
            "left in " + netns.name(), Differences.linksIn(netns), Set.of("lo"), link -> false);
      }
    }
    TestNetns host = lab.cluster().host(node);
    differences.compare(
        "left on n" + node, Differences.linksIn(host), Set.of("lo", "eth0"), link -> false);
    if (ChaosLab.SERVERS.contains(node)) {
      differences.compare(
          "left at e" + node, Differences.linksIn(lab.server(node)), Set.of("lo"), link -> false);
    }
    differences.compare(
        "routes left on n" + node,
        host.run("ip", "-N", "route", "show", "proto", "173").lines().toList(),
        Set.of(),
        route -> false);
    differences.compare(
        "tables left on n" + node,
        host.run("nft", "list", "tables").lines().toList(),
        Set.of(),
        table -> !table.contains("weft"));
    differences.compare(
        "namespaces left",
        Netns.list(),
        Set.of(),
        name -> !name.equals("weft-" + lab.node(node).id()));
  }
}
