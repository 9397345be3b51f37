package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/** The only place where what a person calls a thing becomes the id that the API takes. */
final class Ids {
  private static final String ID = "[0-9a-f]{16}";

  private final NodeOptions options;
  private final ApiClient client;

  Ids(NodeOptions options, ApiClient client) {
    this.options = options;
    this.client = client;
  }

  /**
   * A node of the mesh.
   *
   * @param given an id, or a member's name
   */
  String node(String given) {
    return given.matches(ID) ? given : node(given, NodeOptions.names(client));
  }

  static String node(String given, Map<String, String> names) {
    if (given.matches(ID)) {
      return given;
    }
    List<String> ids =
        names.entrySet().stream()
            .filter(n -> n.getValue().equals(given))
            .map(Map.Entry::getKey)
            .sorted()
            .toList();
    if (ids.size() == 1) {
      return ids.get(0);
    }
    throw new RequestFailed(
        ids.isEmpty()
            ? "node: %s (expected: an id, 16 hex digits, or a member's name: %s)"
                .formatted(
                    given, String.join(", ", names.values().stream().distinct().sorted().toList()))
            : several("node", given, "members", ids));
  }

  /**
   * A node that has a subnet, if only as a lease that is left.
   *
   * @param given an id, or the node's name
   */
  String holder(String given) {
    return given.matches(ID)
        ? given
        : only(
            "node",
            given,
            "leases",
            found("subnets", "holder", item -> item.path("name").asText().equals(given)),
            "an id, or the name of a node that weft subnets shows");
  }

  /**
   * A wire.
   *
   * @param given an id, or one of the wire's ends, {@code [NS/]POD:IF}
   */
  String wire(String given) {
    return ofEnd("wire", given, "links", "wire", "pod", "localIntf", "weft topology show has them");
  }

  /**
   * A connection to a network service.
   *
   * @param given an id, or the client's end, {@code [NS/]POD:IF}
   */
  String connection(String given) {
    return ofEnd(
        "connection",
        given,
        "connections",
        "id",
        "clientPod",
        "clientInterface",
        "weft connections shows them");
  }

  /**
   * What has an end in a pod.
   *
   * @param list that has it
   * @param id the field of an item with its id
   * @param pod the field with the pod of its end
   * @param intf the field with the interface of its end
   * @param shown where a person finds such ends
   */
  private String ofEnd(
      String what, String given, String list, String id, String pod, String intf, String shown) {
    if (given.matches(ID)) {
      return given;
    }
    String expected = "16 hex digits, or [NS/]POD:IF, as " + shown;
    WireCommand.End end = Converters.end(given);
    if (end == null) {
      throw options.usage(what + ": " + given + " (expected: " + expected + ")");
    }
    Predicate<JsonNode> fits =
        item ->
            item.path(pod).asText().equals(end.pod().toString())
                && item.path(intf).asText().equals(end.intf());
    return only(what, given, what + "s", found(list, id, fits), expected);
  }

  /** Of the items of a list that fit, the ids, each once. */
  private List<String> found(String list, String id, Predicate<JsonNode> fits) {
    return StreamSupport.stream(options.items(client, list, true).spliterator(), false)
        .filter(fits)
        .map(item -> item.path(id).asText())
        .filter(text -> !text.isEmpty())
        .distinct()
        .sorted()
        .toList();
  }

  private static String only(
      String what, String given, String all, List<String> ids, String expected) {
    if (ids.size() == 1) {
      return ids.get(0);
    }
    throw new RequestFailed(
        ids.isEmpty()
            ? what + ": " + given + " is not known (expected: " + expected + ")"
            : several(what, given, all, ids));
  }

  private static String several(String what, String given, String all, List<String> ids) {
    return "%s: %s is the name of several %s (expected: one of their ids: %s)"
        .formatted(what, given, all, String.join(", ", ids));
  }
}
