package dev.weft.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/** The counters of a list's rows, written into a stream when they have changed. */
final class TrafficReport {
  /**
   * What the rows tell.
   *
   * @param seconds in which the counters changed since the report before
   */
  private record Traffic(int seconds, List<JsonNode> items) {}

  private final String event;
  private final int seconds;
  private final Supplier<Future<Page<JsonNode>>> rows;
  private final Function<JsonNode, JsonNode> counters;
  private final EventStream stream;
  private List<JsonNode> told = List.of();
  private boolean settling;
  private boolean asking;

  private TrafficReport(
      String event,
      int seconds,
      Supplier<Future<Page<JsonNode>>> rows,
      Function<JsonNode, JsonNode> counters,
      EventStream stream) {
    this.event = event;
    this.seconds = seconds;
    this.rows = rows;
    this.counters = counters;
    this.stream = stream;
  }

  static TrafficReport wires(
      int seconds, Supplier<Future<Page<JsonNode>>> rows, EventStream stream) {
    return new TrafficReport("traffic", seconds, rows, TrafficReport::wire, stream);
  }

  static TrafficReport meshLinks(
      int seconds, Supplier<Future<Page<JsonNode>>> rows, EventStream stream) {
    return new TrafficReport("links", seconds, rows, TrafficReport::meshLink, stream);
  }

  void write() {
    if (asking) {
      return;
    }
    asking = true;
    rows.get()
        .onSuccess(this::write)
        // A failure is not told here: the next report may succeed, and a request for the list names
        // it.
        .onComplete(done -> asking = false);
  }

  private void write(Page<JsonNode> page) {
    List<JsonNode> now = page.items().stream().map(counters).toList();
    boolean changed = !now.equals(told);
    // Counters that stand still are written once more, so that the rate shown falls to zero.
    if ((changed || settling) && stream.say(event, new Traffic(seconds, now))) {
      told = now;
      settling = changed;
    }
  }

  private static JsonNode wire(JsonNode wire) {
    ObjectNode counters = Json.mapper().createObjectNode();
    counters.set("id", wire.path("id"));
    counters.put("node", wire.at("/local/node").asText());
    counters.set("sent", wire.path("sent"));
    counters.set("received", wire.path("received"));
    return wire.has("peerDrops") ? counters.set("peerDrops", wire.path("peerDrops")) : counters;
  }

  private static JsonNode meshLink(JsonNode link) {
    return ((ObjectNode) link).retain("id", "node", "rttMicros", "sent", "received", "dropped");
  }
}
