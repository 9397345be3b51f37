package dev.weft.node.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Routes, interfaces and the overlay's fence in a node's own namespace. */
final class HostComparison {
  /** Of the sets of the table, in which nft shows 10.99.0.3, and 10.42.1.0 behind it, in hex. */
  private static final Pattern ELEMENT =
      Pattern.compile("0xa63000(\\d)(?:0?a2a(\\p{XDigit}{2})00)? ");

  private final Scene scene;
  private final Differences differences;

  HostComparison(Scene scene, Differences differences) {
    this.scene = scene;
    this.differences = differences;
  }

  void compare(int node) throws Exception {
    routes(node);
    host(node);
  }

  private void routes(int node) throws Exception {
    Set<String> must = new TreeSet<>();
    Set<String> may = new TreeSet<>();
    for (JsonNode lease : scene.lab().list(node, "/api/v1/subnets")) {
      if (!lease.path("self").asBoolean()) {
        String subnet = lease.path("subnet").asText();
        (scene.full() ? must : may).add(subnet);
        if (!scene.full()) {
          // By it a member that is away is asked whether its kernel goes on.
          may.add(subnet.replaceAll("/.*", ""));
        }
      }
    }
    scene
        .world()
        .routes()
        .keySet()
        .forEach(
            key -> {
              if (key.startsWith(node + " ")) {
                must.add(key.substring(2));
              }
            });
    List<String> shown = new ArrayList<>();
    for (JsonNode route : scene.lab().list(node, "/api/v1/routes")) {
      shown.add(route.path("destination").asText() + (route.path("up").asBoolean() ? "" : " down"));
    }
    differences.compare(
        "routes of n" + node, shown, must, route -> may.contains(route.split(" ", 2)[0]));
    differences.compare(
        "kernel routes of n" + node,
        scene
            .lab()
            .cluster()
            .host(node)
            .run("ip", "-N", "route", "show", "proto", "173")
            .lines()
            .map(line -> line.split(" ", 2)[0])
            .toList(),
        must,
        may::contains);
  }

  private void host(int node) throws Exception {
    int ports = 0;
    for (String link : Differences.linksIn(scene.lab().cluster().host(node))) {
      if (Set.of("lo", "eth0", "vxlan100", "weft0").contains(link)) {
        continue;
      }
      ports++;
    }
    long expected =
        scene.world().pods().values().stream()
            .filter(p -> p.node() == node && p.addressed())
            .count();
    if (ports != expected) {
      differences.add(
          "host n%d: %d ports, expected %d: %s"
              .formatted(
                  node, ports, expected, Differences.linksIn(scene.lab().cluster().host(node))));
    }
    if (scene.full()) {
      fence(node);
    }
  }

  /** Only members may send into the overlay, each from its own subnet. */
  private void fence(int node) throws Exception {
    Set<String> must = new TreeSet<>();
    for (int other : scene.up()) {
      if (other != node) {
        must.add("n" + other);
        must.add("n" + other + " from " + scene.lab().cluster().subnetOf(other));
      }
    }
    Set<String> shown = new TreeSet<>();
    String table = scene.lab().cluster().host(node).run("nft", "list", "table", "inet", "weft");
    Matcher elements = ELEMENT.matcher(table);
    while (elements.find()) {
      String subnet = elements.group(2);
      shown.add(
          "n"
              + elements.group(1)
              + (subnet == null ? "" : " from 10.42." + Integer.parseInt(subnet, 16) + ".0/24"));
    }
    differences.compare("fence of n" + node, shown, must, n -> false);
  }
}
