package dev.weft.node.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.node.chaos.World.Tie;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Pods, links, wires and addresses as each node and the other members list them. */
final class ListComparison {
  private static final String DEFAULT = "default/";

  private final Scene scene;
  private final Differences differences;

  ListComparison(Scene scene, Differences differences) {
    this.scene = scene;
    this.differences = differences;
  }

  void compare(int node) throws IOException {
    pods(node);
    links(node);
    wires(node);
    addresses(node);
  }

  private void pods(int node) throws IOException {
    Set<String> must = new TreeSet<>();
    scene
        .world()
        .pods()
        .forEach(
            (pod, place) -> {
              if (place.node() == node) {
                must.add(pod + " in " + scene.lab().netns(pod, place.netns()).name());
              }
            });
    differences.compare(
        "pods of n" + node, podsIn(scene.lab().list(node, "/api/v1/pods")), must, pod -> false);

    must.clear();
    scene
        .world()
        .pods()
        .forEach(
            (pod, place) -> {
              if (scene.up().contains(place.node())) {
                must.add(pod + " in " + scene.lab().netns(pod, place.netns()).name());
              }
            });
    differences.compare(
        "pods of all, at n" + node,
        podsIn(scene.lab().list(node, "/api/v1/pods?scope=cluster")),
        must,
        pod -> scene.away(pod.split(" ", 2)[0]));
  }

  private static List<String> podsIn(JsonNode items) {
    List<String> pods = new ArrayList<>();
    for (JsonNode pod : items) {
      String ref = pod.path("ref").asText();
      if (ref.startsWith(DEFAULT + "p")) {
        pods.add(ref.substring(DEFAULT.length()) + " in " + pod.path("netns").asText());
      }
    }
    return pods;
  }

  private void links(int node) throws IOException {
    Map<Integer, String> states = new TreeMap<>();
    for (JsonNode link : scene.lab().list(node, "/api/v1/links")) {
      if (link.path("uid").asInt() == ChaosLab.PLUG) {
        continue;
      }
      states.merge(
          link.path("uid").asInt(),
          link.path("state").asText() + " " + link.path("reason").asText(),
          (a, b) -> a + "; " + b);
    }
    differences.compare(
        "links at n" + node,
        states.keySet().stream().map(String::valueOf).toList(),
        scene.world().links().keySet().stream().map(String::valueOf).toList(),
        uid -> false);
    states.forEach(
        (uid, state) -> {
          Tie tie = scene.world().links().get(uid);
          if (tie != null
              && !scene.uncertain(uid)
              && state.startsWith("up") != scene.wholeAndLive(tie)) {
            differences.add("link " + uid + " at n" + node + " is " + state);
          }
        });
  }

  private void wires(int node) throws IOException {
    List<String> shown = new ArrayList<>();
    int plugs = 0;
    for (JsonNode wire : scene.lab().list(node, "/api/v1/wires")) {
      plugs +=
          wire.path("ns").asText().equals("~meshnet")
                  && (!scene.full() || wire.path("state").asText().equals("up"))
              ? 1
              : 0;
      if (wire.path("ns").asText().equals("default")) {
        shown.add(
            wire.path("uid").asInt()
                + (wire.path("state").asText().equals("up")
                    ? ""
                    : " " + wire.path("reason").asText()));
      }
    }
    if (scene.plugKnown() && plugs != (scene.isPlugged(node) ? 1 : 0)) {
      differences.add("meshnet's wires of n" + node + ": " + plugs);
    }
    List<String> must = new ArrayList<>();
    scene
        .world()
        .links()
        .forEach(
            (uid, tie) -> {
              if (scene.wholeAndLive(tie)
                  && !scene.uncertain(uid)
                  && (scene.world().pods().get(tie.a()).node() == node
                      || scene.world().pods().get(tie.b()).node() == node)) {
                must.add(uid.toString());
              }
            });
    differences.compare(
        "wires of n" + node,
        shown,
        must,
        uid -> scene.uncertain(Integer.parseInt(uid.split(" ", 2)[0])) || waits(uid, node));
  }

  /** A wire that says that it waits, of a link with a pod here whose other pod is nowhere. */
  private boolean waits(String shown, int node) {
    Tie tie = scene.world().links().get(Integer.parseInt(shown.split(" ", 2)[0]));
    return shown.contains(" ")
        && tie != null
        && !scene.world().isWhole(tie)
        && scene.world().pods().entrySet().stream()
            .anyMatch(e -> tie.joins(e.getKey()) && e.getValue().node() == node);
  }

  private void addresses(int node) throws IOException {
    List<String> shown = new ArrayList<>();
    for (JsonNode address : scene.lab().list(node, "/api/v1/addresses")) {
      shown.add(
          address.path("pod").asText().replace(DEFAULT, "") + address.path("problem").asText());
    }
    differences.compare(
        "addresses of n" + node,
        shown,
        scene.world().pods().entrySet().stream()
            .filter(e -> e.getValue().node() == node && e.getValue().addressed())
            .map(Map.Entry::getKey)
            .toList(),
        pod -> false);
  }
}
