package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import dev.weft.pod.PodRef;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "pod",
    description = "Register or forget a pod of a node.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "(add | remove | list)")
final class PodCommand {
  private static final String PATH = "/api/v1/pods/";

  @Command(
      name = "add",
      description = "Register a pod on the node, or move it to another namespace.",
      mixinStandardHelpOptions = true)
  void add(
      @Parameters(paramLabel = "[NS/]NAME", converter = Converters.Pod.class) PodRef pod,
      @Option(
              names = "--netns",
              required = true,
              paramLabel = "PATH|NAME|pid:N",
              description =
                  "Its network namespace: a path, a name under /run/netns, pid:N, host for the"
                      + " node's own, or segment[:lldp,lacp...] for a switch.")
          String netns,
      @Option(
              names = "--address",
              paramLabel = "auto|CIDR",
              description =
                  "Give it interface eth0 with an address of the node's subnet and a default"
                      + " route.")
          String address,
      @Mixin WaitOptions wait,
      @Mixin NodeOptions options) {
    ObjectNode wanted = Json.mapper().createObjectNode().put("netns", netns);
    if (address != null) {
      wanted.put("address", address);
    }
    ApiClient client = options.client();
    // The same request again changes nothing, and says how the pod stands now.
    JsonNode answer =
        wait.until(
            () -> client.send("PUT", PATH + pod, wanted),
            told ->
                Optional.ofNullable(told.path("waiting").asText(null))
                    .map(reason -> pod + ": " + reason));
    options.answer(answer, told(pod, answer));
  }

  private static String told(PodRef pod, JsonNode answer) {
    String given = answer.path("address").asText();
    String waiting = answer.path("waiting").asText();
    return "pod %s is in %s%s%s"
        .formatted(
            pod,
            answer.path("netns").asText(),
            given.isEmpty() ? "" : " with address " + given,
            waiting.isEmpty() ? "" : "; its interface waits: " + waiting);
  }

  @Command(
      name = "remove",
      description = "Forget a pod of the node; its namespace is left as it is.",
      mixinStandardHelpOptions = true)
  void remove(
      @Parameters(paramLabel = "[NS/]NAME", converter = Converters.Pod.class) PodRef pod,
      @Mixin NodeOptions options) {
    options.client().delete(PATH + pod);
    options.done("pod " + pod + " removed");
  }
}
