package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.pod.PodRef;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "address",
    description = "List pods' addresses; give one to a pod, or take it back.",
    mixinStandardHelpOptions = true)
final class AddressCommand implements Runnable {
  private static final String PATH = "/api/v1/addresses";

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
    TextTable table = new TextTable("POD", "NODE", "ADDRESS", "GATEWAY", "INTERFACE", "PROBLEM");
    for (JsonNode address : answer.path("items")) {
      String id = address.path("node").asText();
      table.row(
          address.path("pod").asText(),
          names.getOrDefault(id, id),
          address.path("address").asText(),
          address.path("gateway").asText(),
          address.path("attached").asBoolean() ? "eth0" : null,
          address.path("problem").asText(null));
    }
    node.print(table);
  }

  @Command(
      name = "allocate",
      description = "Give a pod an address; its interface is the caller's affair.",
      mixinStandardHelpOptions = true)
  void allocate(
      @Parameters(paramLabel = "[NS/]NAME", converter = Converters.Pod.class) PodRef pod,
      @Option(names = "--address", paramLabel = "auto|CIDR", defaultValue = "auto") String address,
      @Mixin NodeOptions options) {
    JsonNode answer =
        options
            .client()
            .send("PUT", path(pod), Json.mapper().createObjectNode().put("address", address));
    if (options.json()) {
      options.printJson(answer);
    } else {
      options.out().println(answer.path("address").asText());
    }
  }

  @Command(
      name = "release",
      description = "Take a pod's address back, and the interface if the node made it.",
      mixinStandardHelpOptions = true)
  void release(
      @Parameters(paramLabel = "[NS/]NAME", converter = Converters.Pod.class) PodRef pod,
      @Mixin NodeOptions options) {
    options.client().delete(path(pod));
    if (!options.json()) {
      options.out().println("address of pod " + pod + " released");
    }
  }

  private static String path(PodRef pod) {
    return PATH + "/" + pod.ns() + "/" + pod.name();
  }
}
