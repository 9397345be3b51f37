package dev.weft.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/** What the lists of the whole cluster, and the events of a node, have of one thing. */
final class Inspection {
  /** Events of the thing that are shown, the last ones. */
  private static final int EVENTS = 20;

  private static final String DATA = "data: ";

  private final NodeOptions options;
  private final ApiClient client;
  private final String thing;
  private final ObjectNode found = Json.mapper().createObjectNode();

  /**
   * @param thing as the lists have it
   */
  Inspection(NodeOptions options, ApiClient client, String thing) {
    this.options = options;
    this.client = client;
    this.thing = thing;
  }

  /** Takes the items of a list of which one of the fields is the thing. */
  Inspection of(String list, String... fields) {
    ArrayNode items = Json.mapper().createArrayNode();
    for (JsonNode item : options.items(client, list, true)) {
      if (Arrays.stream(fields)
          .anyMatch(f -> item.at("/" + f.replace('.', '/')).asText().equals(thing))) {
        items.add(item);
      }
    }
    if (!items.isEmpty()) {
      found.set(list, items);
    }
    return this;
  }

  /** Takes the last events of the node asked that tell of one of the words. */
  Inspection events(Set<String> words) {
    ArrayDeque<JsonNode> last = new ArrayDeque<>();
    client.stream(
        "/api/v1/events?follow=false",
        line -> {
          if (line.startsWith(DATA) && words.stream().anyMatch(line::contains)) {
            last.add(parsed(line.substring(DATA.length())));
          }
          if (last.size() > EVENTS) {
            last.removeFirst();
          }
        });
    if (!last.isEmpty()) {
      ArrayNode events = found.putArray("events");
      last.forEach(
          e ->
              events
                  .addObject()
                  .put("time", e.path("time").asText())
                  .put("severity", e.path("severity").asText())
                  .put("text", e.path("text").asText()));
    }
    return this;
  }

  private static JsonNode parsed(String event) {
    try {
      return Json.mapper().readTree(event);
    } catch (JsonProcessingException e) {
      throw new RequestFailed("an event that is not JSON: " + event, e);
    }
  }

  /** What was taken, by list; fails if there is nothing. */
  ObjectNode found(String what) {
    if (found.isEmpty()) {
      throw new RequestFailed(what + " is not known to any member");
    }
    return found;
  }

  /** The tree with {@code n1 (00000000000000a1)} for the ids of nodes, without what is null. */
  static JsonNode named(JsonNode tree, Map<String, String> names) {
    if (tree.isObject()) {
      ObjectNode named = Json.mapper().createObjectNode();
      tree.properties().stream()
          .filter(p -> !p.getValue().isNull())
          .forEach(p -> named.set(p.getKey(), named(p.getValue(), names)));
      return named;
    }
    if (tree.isArray()) {
      ArrayNode named = Json.mapper().createArrayNode();
      tree.forEach(item -> named.add(named(item, names)));
      return named;
    }
    String name = tree.isTextual() ? names.get(tree.asText()) : null;
    return name == null
        ? tree
        : Json.mapper().getNodeFactory().textNode(name + " (" + tree.asText() + ")");
  }
}
