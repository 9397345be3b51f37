package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "status",
    description = "Show a node: its health and what it carries.",
    mixinStandardHelpOptions = true)
final class StatusCommand implements Runnable {
  @Mixin private NodeOptions node;

  @Mixin private WaitOptions wait;

  @Override
  public void run() {
    ApiClient client = node.client();
    wait.until(
        () -> BooleanNode.valueOf(!wait.wanted() || client.ready()),
        ready ->
            ready.asBoolean() ? Optional.empty() : Optional.of("the node is not ready (/readyz)"));
    JsonNode self = client.get("/api/v1/node");
    if (node.asData()) {
      node.printData(self);
      return;
    }
    PrintWriter out = node.out();
    Duration up = Duration.between(Instant.parse(self.path("startedAt").asText()), Instant.now());
    out.printf(
        "node     %s (%s), version %s, up %s%n",
        self.path("name").asText(),
        self.path("id").asText(),
        self.path("version").asText(),
        text(up));
    out.println("health   " + self.path("state").asText());
    for (JsonNode room : self.path("rooms")) {
      for (JsonNode warning : room.path("warnings")) {
        node.print(
            "  " + room.path("name").asText() + ": ",
            warning.path("text").asText() + " (" + warning.path("code").asText() + ")");
        node.print("    affects: ", warning.path("affects").asText());
        node.print("    action:  ", warning.path("action").asText());
      }
    }
    node.print("members  ", members(node.list(client, "/api/v1/nodes", false, Integer.MAX_VALUE)));
    out.println("pods     " + client.get("/api/v1/pods?limit=1").path("total").asInt());
    out.println("wires    " + byState(client.get("/api/v1/wires?limit=1")));
  }

  private static String members(JsonNode nodes) {
    List<String> away = new ArrayList<>();
    for (JsonNode node : nodes.path("items")) {
      if (node.path("state").asText().equals("away")) {
        away.add(node.path("name").asText());
      }
    }
    int live = nodes.path("items").size() - away.size();
    return away.isEmpty() ? "" + live : live + ", and away: " + String.join(", ", away);
  }

  private static String byState(JsonNode wires) {
    List<String> states = new ArrayList<>();
    wires.path("states").properties().forEach(s -> states.add(s.getValue() + " " + s.getKey()));
    return wires.path("total").asInt() + (states.isEmpty() ? "" : ": " + String.join(", ", states));
  }

  private static String text(Duration up) {
    return up.toDays() > 0
        ? up.toDays() + "d " + up.toHoursPart() + "h"
        : up.toHours() > 0
            ? up.toHours() + "h " + up.toMinutesPart() + "m"
            : up.toMinutes() + "m " + up.toSecondsPart() + "s";
  }
}
