package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "services",
    description = "List network services with their endpoints, those of the whole cluster.",
    mixinStandardHelpOptions = true)
final class ServicesCommand implements Runnable {
  @Mixin private NodeOptions node;

  @Override
  public void run() {
    ApiClient client = node.client();
    JsonNode answer = client.get("/api/v1/services");
    if (node.json()) {
      node.printJson(answer);
      return;
    }
    Map<String, String> names = NodeOptions.names(client);
    TextTable table = new TextTable("SERVICE", "PROVIDER", "NODE");
    for (JsonNode service : answer.path("items")) {
      for (JsonNode endpoint : service.path("endpoints")) {
        String namespace = endpoint.path("namespace").asText();
        String id = endpoint.path("node").asText();
        table.row(
            service.path("name").asText(),
            (namespace.isEmpty() ? "" : namespace + "/") + endpoint.path("provider").asText(),
            names.getOrDefault(id, id));
      }
    }
    node.print(table);
  }
}
