package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "forward",
    description = "Open a service of the mesh on the node's host, and keep that over restarts.",
    mixinStandardHelpOptions = true)
final class ForwardCommand implements Runnable {
  static final String PATH = "/api/v1/mesh/forwards";

  @Parameters(
      paramLabel = "LISTEN",
      description = "For clients: ADDRESS:PORT, port 0 for any free one, or unix:PATH.")
  private String listen;

  @Parameters(paramLabel = "SERVICE", description = "As weft services --mesh shows it.")
  private String service;

  @Option(
      names = "--node",
      paramLabel = "NODE",
      defaultValue = "any",
      description = "Who exports it: an id, or a member's name (default: the nearest).")
  private String node;

  @Mixin private NodeOptions options;

  @Override
  public void run() {
    JsonNode made =
        options
            .client()
            .send(
                "POST",
                PATH,
                Json.mapper()
                    .createObjectNode()
                    .put("listen", listen)
                    .put("service", service)
                    .put("node", node));
    options.answer(
        made,
        "%s is service %s of %s"
            .formatted(
                made.path("listen").asText(),
                made.path("service").asText(),
                node.equals("any") ? "the nearest node that exports it" : "node " + node));
  }
}
