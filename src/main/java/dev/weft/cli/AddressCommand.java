package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.pod.PodRef;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "address", mixinStandardHelpOptions = true)
final class AddressCommand extends ListCommand {
  private static final String PATH = "/api/v1/addresses/";

  AddressCommand() {
    super("addresses");
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
            .send("PUT", PATH + pod, Json.mapper().createObjectNode().put("address", address));
    options.answer(answer, answer.path("address").asText());
  }

  @Command(
      name = "release",
      description = "Take a pod's address back, and the interface if the node made it.",
      mixinStandardHelpOptions = true)
  void release(
      @Parameters(paramLabel = "[NS/]NAME", converter = Converters.Pod.class) PodRef pod,
      @Mixin NodeOptions options) {
    options.client().delete(PATH + pod);
    options.done("address of pod " + pod + " released");
  }
}
