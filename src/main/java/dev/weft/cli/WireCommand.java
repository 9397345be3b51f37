package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import dev.weft.pod.PodRef;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
      @Option(names = "--mac-a", paramLabel = "MAC", description = "Of the interface of --a.")
          String macA,
      @Option(names = "--mac-b", paramLabel = "MAC") String macB,
      @Option(
              names = "--name-a",
              paramLabel = "NAME",
              description = "One more name of the interface, as in GigabitEthernet0/1.")
          String nameA,
      @Option(names = "--name-b", paramLabel = "NAME") String nameB,
      @Option(
              names = "--nic-a",
              paramLabel = "USE",
              description =
                  "The interface of --a is there, on the host, and stays as it is: use, or"
                      + " use-underlay for one that the node's own traffic goes over.")
          String nicA,
      @Option(names = "--nic-b", paramLabel = "USE") String nicB,
      @Option(
              names = "--open",
              description =
                  "Make each end as soon as its own pod is there, without carrier until they are"
                      + " joined.")
          boolean open,
      @Mixin WaitOptions wait,
      @Mixin NodeOptions options) {
    ObjectNode link = Json.mapper().createObjectNode().put("uid", uid);
    link.set("a", end(a, addressA, macA, nameA, nicA));
    link.set("b", end(b, addressB, macB, nameB, nicB));
    if (mtu != null) {
      link.put("mtu", mtu);
    }
    if (kind != null) {
      link.put("kind", kind);
    }
    if (open) {
      link.put("open", true);
    }
    ApiClient client = options.client();
    JsonNode made = client.send("POST", "/api/v1/wires", link);
    if (wait.wanted()) {
      String id = made.path("wire").asText();
      made = wait.until(() -> single(options, client, id), WireCommand::notUp);
    }
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

  /** A single link as it stands. */
  private static JsonNode single(NodeOptions options, ApiClient client, String id) {
    for (JsonNode link : options.items(client, "links", false)) {
      if (link.path("wire").asText().equals(id)) {
        return link;
      }
    }
    throw new RequestFailed("wire " + id + " was removed");
  }

  /** Why a link is not up. */
  static Optional<String> notUp(JsonNode link) {
    String state = link.path("state").asText();
    String reason = link.path("reason").asText("");
    return state.equals("up")
        ? Optional.empty()
        : Optional.of(
            "%s:%s is %s%s"
                .formatted(
                    link.path("pod").asText(),
                    link.path("localIntf").asText(),
                    state,
                    reason.isEmpty() ? "" : ", " + reason));
  }

  private static ObjectNode end(End end, String address, String mac, String name, String nic) {
    ObjectNode json =
        Json.mapper().createObjectNode().put("pod", end.pod().toString()).put("intf", end.intf());
    Map<String, String> wanted = new LinkedHashMap<>();
    wanted.put("address", address);
    wanted.put("mac", mac);
    wanted.put("name", name);
    wanted.put("nic", nic);
    wanted.values().removeIf(Objects::isNull);
    wanted.forEach(json::put);
    return json;
  }
}
