package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "connections",
    description = "List connections to network services.",
    mixinStandardHelpOptions = true)
final class ConnectionsCommand implements Runnable {
  @Mixin private NodeOptions node;

  @Option(
      names = "--cluster",
      description = "Those of every member; one is listed twice if its two nodes disagree.")
  private boolean cluster;

  @Override
  public void run() {
    ApiClient client = node.client();
    JsonNode answer = node.list(client, "/api/v1/connections", cluster);
    if (node.json()) {
      node.printJson(answer);
      return;
    }
    Map<String, String> names = NodeOptions.names(client);
    TextTable table =
        new TextTable(
            "CONNECTION",
            "SERVICE",
            "CLIENT",
            "ADDRESS",
            "PROVIDER",
            "NODE",
            "BY",
            "MTU",
            "STATE",
            "REASON");
    Set<List<String>> shown = new HashSet<>();
    for (JsonNode connection : answer.path("items")) {
      List<String> said =
          List.of(
              connection.path("id").asText(),
              connection.path("state").asText(),
              connection.path("reason").asText());
      if (!shown.add(said)) {
        continue;
      }
      String id = connection.path("endpointNode").asText();
      table.row(
          connection.path("id").asText(),
          connection.path("service").asText(),
          connection.path("clientPod").asText() + ":" + connection.path("clientInterface").asText(),
          connection.path("clientAddress").asText(),
          connection.path("provider").asText(),
          names.getOrDefault(id, id),
          connection.path("carrier").asText(),
          connection.path("mtu").asInt(),
          connection.path("state").asText(),
          connection.path("reason").asText(null));
    }
    node.print(table);
  }
}
