package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "graph",
    description = {
      "Draw the pods of the cluster, by node, with their links and connections, as Mermaid text.",
      "What is not up is dashed, with its state."
    },
    mixinStandardHelpOptions = true)
final class GraphCommand implements Runnable {
  private static final String NOWHERE = "on no node";

  @Mixin private NodeOptions options;

  @Option(names = "--dot", description = "As text for Graphviz instead.")
  private boolean dot;

  @Option(names = "--mesh", description = "The nodes and the mesh's links between them instead.")
  private boolean mesh;

  @Override
  public void run() {
    ApiClient client = options.client();
    Map<String, String> names = NodeOptions.names(client);
    Graph graph = new Graph();
    if (mesh) {
      drawMesh(graph, client, names);
    } else {
      drawPods(graph, client, names);
    }
    options.out().print(dot ? graph.dot() : graph.mermaid());
    options.out().flush();
  }

  private void drawPods(Graph graph, ApiClient client, Map<String, String> names) {
    for (JsonNode pod : options.items(client, "pods", true)) {
      graph.box(named(pod, "node", names), pod.path("ref").asText());
    }
    Set<String> drawn = new HashSet<>();
    for (JsonNode link : options.items(client, "links", true)) {
      String pod = link.path("pod").asText();
      String intf = link.path("localIntf").asText();
      String peer = link.path("peer").asText();
      String peerIntf = link.path("peerIntf").asText();
      String node = named(link, "node", names);
      graph.box(node, pod);
      if (peer.endsWith("/localhost") || peer.equals("localhost")) {
        // A device of the pod's node, which each node has its own of.
        peer = peerIntf + " of " + node;
        graph.box(node, peer);
      }
      // Both pods' topologies have the link.
      if (drawn.add(pod + ":" + intf + " " + peer + ":" + peerIntf)
          && !drawn.contains(peer + ":" + peerIntf + " " + pod + ":" + intf)) {
        line(graph, link, pod, peer, intf + " - " + peerIntf);
      }
    }
    for (JsonNode connection : options.items(client, "connections", true)) {
      if (drawn.add(connection.path("id").asText())) {
        String provider = connection.path("provider").asText();
        graph.box(named(connection, "endpointNode", names), provider);
        line(
            graph,
            connection,
            connection.path("clientPod").asText(),
            provider,
            connection.path("service").asText());
      }
    }
  }

  private void drawMesh(Graph graph, ApiClient client, Map<String, String> names) {
    names.values().stream().sorted().forEach(name -> graph.box("", name));
    Set<Set<String>> drawn = new HashSet<>();
    for (JsonNode link : options.items(client, "mesh-links", true)) {
      String id = link.path("peer").asText();
      String peer = id.isEmpty() ? link.path("remote").asText() : names.getOrDefault(id, id);
      String node = named(link, "node", names);
      String kind = link.path("kind").asText();
      // Both ends have the link.
      if (!peer.isEmpty() && drawn.add(Set.of(node, peer + " " + kind))) {
        drawn.add(Set.of(peer, node + " " + kind));
        JsonNode rtt = link.path("rttMicros");
        String took = rtt.isNumber() ? " " + ListDescription.millis(rtt.asLong()) : "";
        line(graph, link, node, peer, kind + took);
      }
    }
  }

  private static void line(Graph graph, JsonNode of, String a, String b, String label) {
    String state = of.path("state").asText();
    boolean up = state.equals("up");
    graph.line(a, b, up ? label : label + ", " + state, up);
  }

  private static String named(JsonNode item, String field, Map<String, String> names) {
    String id = item.path(field).asText("");
    return id.isEmpty() ? NOWHERE : names.getOrDefault(id, id);
  }
}
