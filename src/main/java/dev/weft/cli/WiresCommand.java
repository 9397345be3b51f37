package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "wires",
    description = "List wires with their state and counters.",
    mixinStandardHelpOptions = true)
final class WiresCommand implements Runnable {
  @Mixin private NodeOptions node;

  @Option(
      names = "--cluster",
      description = "Those of every member; a wire between two nodes is listed by both.")
  private boolean cluster;

  @Override
  public void run() {
    ApiClient client = node.client();
    JsonNode answer = node.list(client, "/api/v1/wires", cluster);
    if (node.json()) {
      node.printJson(answer);
      return;
    }
    Map<String, String> names = NodeOptions.names(client);
    TextTable table =
        new TextTable(
            "WIRE",
            "NODE",
            "KIND",
            "MTU",
            "LOCAL",
            "PEER",
            "STATE",
            "SENT",
            "RECEIVED",
            "DROPS",
            "REASON");
    for (JsonNode wire : answer.path("items")) {
      String id = wire.at("/local/node").asText();
      table.row(
          wire.path("id").asText(),
          names.getOrDefault(id, id),
          wire.path("kind").asText(),
          wire.path("mtu").asInt(),
          end(wire.path("local")),
          end(wire.path("peer")),
          wire.path("state").asText(),
          wire.at("/sent/frames").asLong(),
          wire.at("/received/frames").asLong(),
          wire.at("/sent/drops").asLong() + wire.at("/received/drops").asLong(),
          wire.path("reason").asText(null));
    }
    node.print(table);
  }

  private static String end(JsonNode end) {
    return end.path("pod").asText() + ":" + end.path("intf").asText();
  }
}
