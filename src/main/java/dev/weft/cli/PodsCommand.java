package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "pods", description = "List registered pods.", mixinStandardHelpOptions = true)
final class PodsCommand implements Runnable {
  @Mixin private NodeOptions node;

  @Option(names = "--cluster", description = "Those of every member.")
  private boolean cluster;

  @Override
  public void run() {
    ApiClient client = node.client();
    JsonNode answer = node.list(client, "/api/v1/pods", cluster);
    if (node.json()) {
      node.printJson(answer);
      return;
    }
    Map<String, String> names = NodeOptions.names(client);
    TextTable table = new TextTable("POD", "NODE", "NETNS", "PROBLEM");
    for (JsonNode pod : answer.path("items")) {
      String id = pod.path("node").asText();
      table.row(
          pod.path("ref").asText(),
          names.getOrDefault(id, id),
          pod.path("netns").asText(),
          pod.path("problem").asText(null));
    }
    node.print(table);
  }
}
