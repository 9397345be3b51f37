package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.pod.PodRef;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "inspect",
    description = "Show all that is known of one pod, wire, connection or node.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "(pod | wire | connection | node)")
final class InspectCommand {
  @Command(
      name = "pod",
      description = "A pod with its links, wires, addresses, connections and events.",
      mixinStandardHelpOptions = true)
  void pod(
      @Parameters(paramLabel = "[NS/]NAME", converter = Converters.Pod.class) PodRef pod,
      @Mixin NodeOptions options) {
    show(
        options,
        new Inspection(options, options.client(), pod.toString())
            .of("pods", "ref")
            .of("addresses", "pod")
            .of("links", "pod", "peer")
            .of("wires", "local.pod", "peer.pod")
            .of("connections", "clientPod", "provider")
            .events(Set.of(pod.toString()))
            .found("pod " + pod));
  }

  @Command(
      name = "wire",
      description = "A wire: its link as described, both ends, and its events.",
      mixinStandardHelpOptions = true)
  void wire(
      @Parameters(paramLabel = "WIRE", description = "An id, or one of its ends, [NS/]POD:IF.")
          String wire,
      @Mixin NodeOptions options) {
    ApiClient client = options.client();
    String id = new Ids(options, client).wire(wire);
    show(
        options,
        new Inspection(options, client, id)
            .of("links", "wire")
            .of("wires", "id")
            .events(Set.of(id))
            .found("wire " + wire));
  }

  @Command(
      name = "connection",
      description = "A connection to a network service, as both its nodes tell, and its events.",
      mixinStandardHelpOptions = true)
  void connection(
      @Parameters(
              paramLabel = "CONNECTION",
              description = "An id, or the client's end, [NS/]POD:IF.")
          String connection,
      @Mixin NodeOptions options) {
    ApiClient client = options.client();
    String id = new Ids(options, client).connection(connection);
    show(
        options,
        new Inspection(options, client, id)
            .of("connections", "id")
            .events(Set.of(id))
            .found("connection " + connection));
  }

  @Command(
      name = "node",
      description = "A node: its health, and all that is on it or leads to it.",
      mixinStandardHelpOptions = true)
  void node(
      @Parameters(paramLabel = "NODE", description = "A name, or an id.") String node,
      @Mixin NodeOptions options) {
    ApiClient client = options.client();
    String id = new Ids(options, client).node(node);
    String name = NodeOptions.names(client).getOrDefault(id, id);
    show(
        options,
        new Inspection(options, client, id)
            .of("nodes", "id")
            .of("subnets", "holder")
            .of("pods", "node")
            .of("addresses", "node")
            .of("wires", "local.node", "peer.node")
            .of("connections", "clientNode", "endpointNode")
            .of("routes", "node", "member")
            .of("mesh-links", "node", "peer")
            .of("mesh-peers", "node", "peer")
            .of("mesh-exports", "node")
            .of("mesh-forwards", "node")
            .of("proxy-connections", "node", "peer")
            .events(Set.of(id, "node " + name + " "))
            .found("node " + node));
  }

  /** For a person as YAML too, with the names of nodes beside their ids. */
  private static void show(NodeOptions options, ObjectNode found) {
    if (options.asData()) {
      options.printData(found);
    } else {
      JsonNode named = Inspection.named(found, NodeOptions.names(options.client()));
      options.out().print(YamlText.of(named));
      options.out().flush();
    }
  }
}
