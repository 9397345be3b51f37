package dev.weft.cli;

import dev.weft.bus.Json;
import dev.weft.pod.PodRef;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "pod",
    description = "Register or forget a pod of a node.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "(add | remove)")
final class PodCommand {
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
              description = "Its network namespace: a path, a name under /run/netns, or pid:N.")
          String netns,
      @Mixin NodeOptions options) {
    var answer =
        options
            .client()
            .send("PUT", path(pod), Json.mapper().createObjectNode().put("netns", netns));
    if (options.json()) {
      options.printJson(answer);
    } else {
      options.out().println("pod " + pod + " is in " + answer.path("netns").asText());
    }
  }

  @Command(
      name = "remove",
      description = "Forget a pod of the node; its namespace is left as it is.",
      mixinStandardHelpOptions = true)
  void remove(
      @Parameters(paramLabel = "[NS/]NAME", converter = Converters.Pod.class) PodRef pod,
      @Mixin NodeOptions options) {
    options.client().delete(path(pod));
    if (!options.json()) {
      options.out().println("pod " + pod + " removed");
    }
  }

  private static String path(PodRef pod) {
    return "/api/v1/pods/" + pod.ns() + "/" + pod.name();
  }
}
