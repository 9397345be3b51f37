package dev.weft.node.chaos;

import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netns;
import dev.weft.node.chaos.World.Place;
import dev.weft.node.chaos.World.Tie;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What is in pods' namespaces, and whether it carries. */
final class PodComparison {
  private final Scene scene;
  private final Differences differences;

  /** Interfaces of connections by the pod that has them. */
  private final Map<String, Set<String>> clients;

  PodComparison(Scene scene, Differences differences, Map<String, Set<String>> clients) {
    this.scene = scene;
    this.differences = differences;
    this.clients = clients;
  }

  void namespaces() throws Exception {
    for (Map.Entry<Integer, String> pod : ChaosLab.PLUGGED.entrySet()) {
      if (scene.plugKnown() && scene.up().contains(pod.getKey())) {
        differences.compare(
            "interfaces in " + pod.getValue(),
            Differences.linksIn(scene.lab().netns(pod.getValue(), "")),
            scene.world().plugged() ? Set.of("lo", "e" + ChaosLab.PLUG) : Set.of("lo"),
            link -> false);
      }
    }
    for (String pod : ChaosLab.PODS) {
      for (String netns : ChaosLab.NAMESPACES) {
        if (!scene.away(pod)) {
          namespace(pod, netns);
        }
      }
    }
  }

  private void namespace(String pod, String netns) throws Exception {
    Set<String> must = new TreeSet<>(Set.of("lo"));
    if (scene.world().podIn(pod, netns) != null) {
      if (scene.world().pods().get(pod).addressed()) {
        must.add("eth0");
      }
      scene
          .world()
          .links()
          .forEach(
              (uid, tie) -> {
                if (tie.joins(pod) && scene.wholeAndLive(tie) && !scene.uncertain(uid)) {
                  must.add("e" + uid);
                }
              });
      must.addAll(clients.getOrDefault(pod, Set.of()));
    }
    boolean here = must.size() > 1 || scene.world().podIn(pod, netns) != null;
    differences.compare(
        "interfaces in " + pod + netns,
        Differences.linksIn(scene.lab().netns(pod, netns)),
        must,
        link ->
            here
                && ((link.matches("e\\d") && scene.uncertain(Integer.parseInt(link.substring(1))))
                    || (link.startsWith("echo") && !scene.full())));
  }

  /** Each link carries. */
  void frames() throws Exception {
    for (Map.Entry<Integer, Tie> link : scene.world().links().entrySet()) {
      Tie tie = link.getValue();
      if (scene.wholeAndLive(tie) && !scene.uncertain(link.getKey())) {
        Place from = scene.world().pods().get(tie.a());
        InetAddress to = InetAddress.getByName("12.0." + link.getKey() + ".2");
        try (Netns netns = scene.lab().netns(tie.a(), from.netns()).open()) {
          if (IcmpEcho.ping(netns, to, 1472, true, Duration.ofSeconds(1)).isEmpty()) {
            differences.add("link " + link.getKey() + " carries nothing");
          }
        }
      }
    }
  }
}
