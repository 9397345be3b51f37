package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "expose",
    description = "Export a server to the mesh by name, and keep that over restarts.",
    mixinStandardHelpOptions = true)
final class ExposeCommand implements Runnable {
  static final String PATH = "/api/v1/mesh/exports";

  @Parameters(paramLabel = "NAME", description = "Under which other nodes find it.")
  private String name;

  @Parameters(
      paramLabel = "TARGET",
      description = "Where the server listens: tcp://HOST:PORT or unix:PATH.")
  private String target;

  @Option(
      names = "--allow",
      paramLabel = "NODE",
      split = ",",
      description = "Nodes that may connect, by name or id (default: all of the mesh).")
  private List<String> allow = List.of();

  @Mixin private NodeOptions options;

  @Override
  public void run() {
    ObjectNode wanted = Json.mapper().createObjectNode().put("name", name).put("target", target);
    ArrayNode nodes = wanted.putArray("allow");
    ApiClient client = options.client();
    allow.stream().map(new Ids(options, client)::node).forEach(nodes::add);
    JsonNode made = client.send("POST", PATH, wanted);
    options.answer(
        made,
        "service %s is %s, for %s"
            .formatted(
                made.path("name").asText(),
                made.path("target").asText(),
                allow.isEmpty()
                    ? "all nodes of the mesh"
                    : allow.stream().map("node "::concat).collect(Collectors.joining(", "))));
  }
}
