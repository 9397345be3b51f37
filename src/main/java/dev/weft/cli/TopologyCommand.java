package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import dev.weft.bus.Reason;
import dev.weft.pod.PodRef;
import dev.weft.topology.Topology;
import dev.weft.topology.TopologyFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "topology",
    description = "Say what should be connected, and see how it stands.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "(apply | delete | show)")
final class TopologyCommand {
  private static final String PATH = "/api/v1/topologies";

  /** Links that are named when some are not up. */
  private static final int SHOWN = 3;

  private final InputStream stdin;

  TopologyCommand(InputStream stdin) {
    this.stdin = stdin;
  }

  @Command(
      name = "apply",
      description = "Accept the Topology objects of a file, all or none.",
      mixinStandardHelpOptions = true)
  void apply(
      @Option(
              names = "-f",
              required = true,
              paramLabel = "FILE|-",
              description = "YAML or JSON; - is stdin.")
          String file,
      @Mixin WaitOptions wait,
      @Mixin NodeOptions options) {
    ApiClient client = options.listClient();
    String text = read(file, options);
    // The node reads it again; here its errors name the file.
    TopologyFile topologies = TopologyFile.parse(text, file);
    JsonNode accepted = client.send("POST", PATH, "application/yaml", text);
    show(
        options,
        client,
        wait.wanted()
            ? wait.until(() -> standing(client, topologies), TopologyCommand::missing)
            : accepted);
  }

  private static JsonNode standing(ApiClient client, TopologyFile file) {
    ObjectNode all = Json.mapper().createObjectNode();
    ArrayNode items = all.putArray("items");
    file.topologies().forEach(t -> items.add(client.get(PATH + "/" + t.pod())));
    return all;
  }

  /** Which links are not up, the first of them, and why. */
  private static Optional<String> missing(JsonNode topologies) {
    List<String> missing = new ArrayList<>();
    for (JsonNode topology : topologies.path("items")) {
      topology.path("links").forEach(link -> WireCommand.notUp(link).ifPresent(missing::add));
    }
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            String.join("; ", missing.subList(0, Math.min(missing.size(), SHOWN)))
                + (missing.size() > SHOWN ? "; and " + (missing.size() - SHOWN) + " more" : ""));
  }

  @Command(
      name = "delete",
      description = "Delete the topologies of the pods that a file names.",
      mixinStandardHelpOptions = true)
  void delete(
      @Option(
              names = "-f",
              required = true,
              paramLabel = "FILE|-",
              description = "YAML or JSON; - is stdin.")
          String file,
      @Mixin NodeOptions options) {
    ApiClient client = options.client();
    List<Topology> named = TopologyFile.parse(read(file, options), file).topologies();
    // All are there, or none is deleted.
    named.forEach(topology -> client.get(PATH + "/" + topology.pod()));
    for (Topology topology : named) {
      client.delete(PATH + "/" + topology.pod());
      options.done("topology " + topology.pod() + " deleted");
    }
  }

  @Command(
      name = "show",
      description = "Show the links of all topologies and single ones, or those of one pod.",
      mixinStandardHelpOptions = true)
  void show(
      @Parameters(
              arity = "0..1",
              paramLabel = "[NS/]POD",
              converter = Converters.Pod.class,
              description = "Only the topology of this pod.")
          PodRef pod,
      @Mixin NodeOptions options) {
    ApiClient client = options.listClient();
    if (pod != null) {
      show(options, client, client.get(PATH + "/" + pod));
    } else if (options.asData()) {
      options.printData(options.list(client, PATH, false, Integer.MAX_VALUE));
    } else {
      options.print(ListDescription.of("links"), client, options.items(client, "links", false));
    }
  }

  private static void show(NodeOptions options, ApiClient client, JsonNode answer) {
    if (options.asData()) {
      options.printData(answer);
      return;
    }
    ArrayNode links = Json.mapper().createArrayNode();
    for (JsonNode topology : answer.has("items") ? answer.path("items") : List.of(answer)) {
      topology.path("links").forEach(links::add);
      if (topology.path("links").isEmpty()) {
        links.add(
            Json.mapper()
                .createObjectNode()
                .put("pod", topology.at("/topology/pod").asText())
                .put("reason", "no links"));
      }
    }
    options.print(ListDescription.of("links"), client, links);
  }

  private String read(String file, NodeOptions options) {
    try {
      return file.equals("-")
          ? new String(stdin.readAllBytes(), StandardCharsets.UTF_8)
          : Files.readString(Path.of(file));
    } catch (IOException e) {
      throw options.usage("-f: " + file + " cannot be read (" + Reason.of(e) + ")");
    }
  }
}
