package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "nodes",
    description = "List the live members of the cluster.",
    mixinStandardHelpOptions = true)
final class NodesCommand implements Runnable {
  @Mixin private NodeOptions node;

  @Option(names = "--cluster", description = "Ask every member for its health.")
  private boolean cluster;

  @Override
  public void run() {
    JsonNode answer = node.list(node.client(), "/api/v1/nodes", cluster);
    if (node.json()) {
      node.printJson(answer);
      return;
    }
    TextTable table = new TextTable("NAME", "ID", "VERSION", "HEALTH", "GRPC", "API");
    for (JsonNode n : answer.path("items")) {
      table.row(
          n.path("name").asText() + (n.path("self").asBoolean() ? " (this)" : ""),
          n.path("id").asText(),
          n.path("version").asText(),
          n.path("state").asText(null),
          n.path("grpc").asText(null),
          n.path("http").asText(null));
    }
    node.print(table);
  }
}
