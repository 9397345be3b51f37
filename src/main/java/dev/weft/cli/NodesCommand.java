package dev.weft.cli;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "nodes", mixinStandardHelpOptions = true)
final class NodesCommand extends ListCommand {
  private static final String PATH = "/api/v1/nodes";

  NodesCommand() {
    super("nodes");
  }

  @Command(
      name = "forget",
      description =
          "Stop to expect a node that is away: its pods, wires and records go, on every member.",
      mixinStandardHelpOptions = true)
  void forget(
      @Parameters(paramLabel = "NODE", description = "A node that is away, by name or id.")
          String node,
      @Mixin NodeOptions options) {
    ApiClient client = options.client();
    String id = id(node, NodeOptions.names(client), options);
    client.delete(PATH + "/" + id);
    options.done("node " + node + " is forgotten");
  }

  private static String id(String node, Map<String, String> names, NodeOptions options) {
    List<String> ids =
        names.entrySet().stream()
            .filter(e -> e.getValue().equals(node) || e.getKey().equals(node))
            .map(Map.Entry::getKey)
            .sorted()
            .toList();
    if (ids.size() > 1) {
      throw options.usage(
          "node: %s is the name of several nodes (expected: one of their ids: %s)"
              .formatted(node, String.join(", ", ids)));
    }
    if (ids.isEmpty()) {
      throw options.usage(
          "node: %s (expected: the name or id of a node: %s)"
              .formatted(node, names.values().stream().sorted().collect(Collectors.joining(", "))));
    }
    return ids.get(0);
  }
}
