package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "routes",
    description = "List the kernel routes that Weft keeps, add or remove one.",
    mixinStandardHelpOptions = true)
final class RoutesCommand implements Runnable {
  private static final String PATH = "/api/v1/routes";

  @Mixin private NodeOptions node;

  @Option(names = "--cluster", description = "Those of every member.")
  private boolean cluster;

  @Override
  public void run() {
    ApiClient client = node.client();
    JsonNode answer = node.list(client, PATH, cluster);
    if (node.json()) {
      node.printJson(answer);
      return;
    }
    Map<String, String> names = NodeOptions.names(client);
    TextTable table = new TextTable("DESTINATION", "VIA", "TO", "NODE", "STATE", "REASON");
    for (JsonNode route : answer.path("items")) {
      String id = route.path("node").asText();
      table.row(
          route.path("destination").asText(),
          route.path("via").asText(null),
          route.path("member").asText("(injected)"),
          names.getOrDefault(id, id),
          route.path("up").asBoolean() ? "up" : "missing",
          route.path("reason").asText(null));
    }
    node.print(table);
  }

  @Command(
      name = "add",
      description = "Make a route on the node, as `ip route add` does, and keep it over restarts.",
      mixinStandardHelpOptions = true)
  void add(
      @Parameters(paramLabel = "CIDR", description = "A network without host bits.")
          String destination,
      @Option(names = "--via", required = true, paramLabel = "DEVICE") String via,
      @Mixin NodeOptions options) {
    options
        .client()
        .send(
            "PUT",
            PATH,
            Json.mapper().createObjectNode().put("destination", destination).put("via", via));
    if (!options.json()) {
      options.out().println("route " + destination + " dev " + via);
    }
  }

  @Command(
      name = "remove",
      description = "Remove a route that was added.",
      mixinStandardHelpOptions = true)
  void remove(@Parameters(paramLabel = "CIDR") String destination, @Mixin NodeOptions options) {
    String escaped = URLEncoder.encode(destination, StandardCharsets.UTF_8);
    options.client().delete(PATH + "?destination=" + escaped);
    if (!options.json()) {
      options.out().println("route " + destination + " removed");
    }
  }
}
