package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.pod.PodRef;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
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
  private static final Duration WAIT = Duration.ofSeconds(30);
  private static final Duration LOOK_EVERY = Duration.ofMillis(200);

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
      @Option(
              names = "--address",
              paramLabel = "auto|CIDR",
              description =
                  "Give it interface eth0 with an address of the node's subnet and a default"
                      + " route.")
          String address,
      @Option(
              names = "--wait",
              description = "Wait until it has its address, 30 s at most; else fail.")
          boolean wait,
      @Mixin NodeOptions options) {
    ObjectNode wanted = Json.mapper().createObjectNode().put("netns", netns);
    if (address != null) {
      wanted.put("address", address);
    }
    long deadline = System.nanoTime() + WAIT.toNanos();
    JsonNode answer = options.client().send("PUT", PATH + pod, wanted);
    // The same request again changes nothing, and says how the pod stands now.
    while (wait && answer.has("waiting")) {
      if (System.nanoTime() > deadline) {
        throw Fault.UNAVAILABLE.because(pod + ": " + answer.path("waiting").asText());
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
      answer = options.client().send("PUT", PATH + pod, wanted);
    }
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
