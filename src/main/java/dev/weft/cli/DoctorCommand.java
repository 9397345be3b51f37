package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "doctor",
    description = {
      "Try on all nodes of the cluster what their work depends on, and say what to do.",
      "Exit code 1 if there is a problem. For a node that does not start: weft check."
    },
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  private static final String PATH = "/api/v1/doctor";

  @Mixin private NodeOptions options;

  @Option(names = "--node-only", description = "Only the node that is asked.")
  private boolean alone;

  @Override
  public Integer call() {
    ApiClient client = options.client();
    JsonNode examined = client.get(PATH + (alone ? "" : "?scope=cluster"));
    options.tellUnanswered(examined);
    boolean ill = !examined.path("unanswered").isEmpty();
    for (JsonNode item : examined.path("items")) {
      ill |= item.path("state").asText().equals("problem");
    }
    if (options.asData()) {
      options.printData(examined);
    } else {
      print(examined.path("items"), NodeOptions.names(client));
    }
    return ill ? ExitCode.FAILED : ExitCode.OK;
  }

  private void print(JsonNode items, Map<String, String> names) {
    TextTable table = new TextTable("NODE", "STATE", "CHECK", "REASON");
    for (JsonNode item : items) {
      String id = item.path("node").asText();
      String action = item.path("action").asText("");
      table.row(
          names.getOrDefault(id, id),
          item.path("state").asText(),
          item.path("check").asText(),
          item.path("text").asText() + (action.isEmpty() ? "" : " -> " + action));
    }
    options.print(table);
  }
}
