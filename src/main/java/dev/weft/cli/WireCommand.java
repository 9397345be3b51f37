package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import dev.weft.pod.PodRef;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "wire",
    description = "Make or remove a single link, without a topology file.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "(add | remove | list)")
final class WireCommand {
  private static final String END = "[NS/]POD:IF";

  /** An interface of a pod. */
  record End(PodRef pod, String intf) {}

  @Command(
      name = "add",
      description = "Make a link; it comes up once both pods are registered.",
      mixinStandardHelpOptions = true)
  void add(
      @Option(
              names = "--uid",
              required = true,
              paramLabel = "N",
              description = "The link's number, unique among the links of its pods.")
          long uid,
      @Option(names = "--a", required = true, paramLabel = END, converter = Converters.End.class)
          End a,
      @Option(names = "--b", required = true, paramLabel = END, converter = Converters.End.class)
          End b,
      @Option(names = "--mtu", paramLabel = "N", description = "68 to 65535 bytes.") Integer mtu,
      @Option(
              names = "--kind",
              paramLabel = "KIND",
              description = "grpc or veth (default: by where the pods are).")
          String kind,
      @Option(names = "--address-a", paramLabel = "CIDR") String addressA,
      @Option(names = "--address-b", paramLabel = "CIDR") String addressB,
      @Mixin NodeOptions options) {
    ObjectNode link = Json.mapper().createObjectNode().put("uid", uid);
    link.set("a", end(a, addressA));
    link.set("b", end(b, addressB));
    if (mtu != null) {
      link.put("mtu", mtu);
    }
    if (kind != null) {
      link.put("kind", kind);
    }
    JsonNode made = options.client().send("POST", "/api/v1/wires", link);
    String reason = made.path("reason").asText();
    options.answer(
        made,
        "wire %s %s%s"
            .formatted(
                made.path("wire").asText(),
                made.path("state").asText(),
                reason.isEmpty() ? "" : ": " + reason));
  }

  @Command(
      name = "remove",
      description = "Remove a link that was made by wire add.",
      mixinStandardHelpOptions = true)
  void remove(
      @Parameters(
              paramLabel = "WIRE",
              description = "Its id, 16 hex digits, or one of its ends, [NS/]POD:IF.")
          String wire,
      @Mixin NodeOptions options) {
    ApiClient client = options.client();
    String id = new Ids(options, client).wire(wire);
    client.delete("/api/v1/wires/" + id);
    options.done("wire " + id + " removed");
  }

  private static ObjectNode end(End end, String address) {
    ObjectNode json =
        Json.mapper().createObjectNode().put("pod", end.pod().toString()).put("intf", end.intf());
    return address == null ? json : json.put("address", address);
  }
}
