package dev.weft.node.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.Netns;
import dev.weft.node.chaos.World.Tie;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Connections to the service, at both their nodes, and their interfaces. */
final class ConnectionComparison {
  private static final String DEFAULT = "default/";

  private final Scene scene;
  private final Differences differences;

  /** Interfaces of connections by the pod that has them. */
  private final Map<String, Set<String>> clients = new HashMap<>();

  ConnectionComparison(Scene scene, Differences differences) {
    this.scene = scene;
    this.differences = differences;
  }

  Map<String, Set<String>> clients() {
    return clients;
  }

  void compare(int node) throws Exception {
    String id = scene.lab().node(node).id();
    List<String> own = new ArrayList<>();
    int halves = 0;
    int crossing = 0;
    for (JsonNode connection : scene.lab().list(node, "/api/v1/connections")) {
      String request = connection.path("requestId").asText();
      boolean isUp = connection.path("state").asText().equals("up");
      boolean client = connection.path("clientNode").asText().equals(id);
      boolean endpoint = connection.path("endpointNode").asText().equals(id);
      if (client) {
        String pod = connection.path("clientPod").asText().substring(DEFAULT.length());
        own.add(request + " of " + pod + (isUp || !scene.full() ? "" : " " + connection));
        if (isUp) {
          clients
              .computeIfAbsent(pod, key -> new TreeSet<>())
              .add(connection.path("clientInterface").asText());
        }
      } else {
        crossing++;
        String pod = scene.world().connections().get(request);
        if (pod == null && scene.full()) {
          differences.add("connections of n" + node + ": half of " + request + " too much");
        }
      }
      halves += endpoint ? 1 : 0;
      crossing += client && !endpoint ? 1 : 0;
    }
    List<String> must = new ArrayList<>();
    scene
        .world()
        .connections()
        .forEach(
            (request, pod) -> {
              if (scene.world().pods().get(pod).node() == node) {
                must.add(request + " of " + pod);
              }
            });
    differences.compare("connections of n" + node, own, must, connection -> false);
    if (scene.full()) {
      if (ChaosLab.SERVERS.contains(node)) {
        int ends = Differences.linksIn(scene.lab().server(node)).size() - 1;
        if (ends != halves) {
          differences.add(
              "endpoint of n" + node + ": " + ends + " interfaces, " + halves + " connections");
        }
      }
      ends(node, crossing);
    }
  }

  /** What is in the node's own namespace: an end for each wire to another node. */
  private void ends(int node, int connections) throws Exception {
    int expected = connections + (scene.isPlugged(node) ? 1 : 0);
    for (Map.Entry<Integer, Tie> link : scene.world().links().entrySet()) {
      Tie tie = link.getValue();
      if (scene.world().isWhole(tie)) {
        int a = scene.world().pods().get(tie.a()).node();
        int b = scene.world().pods().get(tie.b()).node();
        expected += a != b && (a == node || b == node) ? 1 : 0;
      }
    }
    String name = "weft-" + scene.lab().node(node).id();
    int shown = Netns.list().contains(name) ? Differences.linksIn(name).size() - 1 : 0;
    if (shown != expected) {
      differences.add("wires' ends of n%d: %d, expected %d".formatted(node, shown, expected));
    }
  }
}
