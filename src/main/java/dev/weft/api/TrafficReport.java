package dev.weft.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.Supplier;

/** The wires' counters, written into a stream when they have changed. */
final class TrafficReport {
  /**
   * What happened on the wires.
   *
   * @param seconds in which the counters changed since the report before
   */
  private record Traffic(int seconds, List<JsonNode> items) {}

  private final int seconds;
  private final Supplier<Future<Page<JsonNode>>> wires;
  private final EventStream stream;
  private List<JsonNode> told = List.of();
  private boolean settling;
  private boolean asking;

  TrafficReport(int seconds, Supplier<Future<Page<JsonNode>>> wires, EventStream stream) {
    this.seconds = seconds;
    this.wires = wires;
    this.stream = stream;
  }

  void write() {
    if (asking) {
      return;
    }
    asking = true;
    wires
        .get()
        .onSuccess(this::write)
        // A failure is not told here: the next report may succeed, and a request for the list names
        // it.
        .onComplete(done -> asking = false);
  }

  private void write(Page<JsonNode> page) {
    List<JsonNode> now = page.items().stream().map(TrafficReport::counters).toList();
    boolean changed = !now.equals(told);
    // Counters that stand still are written once more, so that the rate shown falls to zero.
    if ((changed || settling) && stream.say("traffic", new Traffic(seconds, now))) {
      told = now;
      settling = changed;
    }
  }

  private static JsonNode counters(JsonNode wire) {
    ObjectNode counters = Json.mapper().createObjectNode();
    counters.set("id", wire.path("id"));
    counters.put("node", wire.at("/local/node").asText());
    counters.set("sent", wire.path("sent"));
    counters.set("received", wire.path("received"));
    return wire.has("peerDrops") ? counters.set("peerDrops", wire.path("peerDrops")) : counters;
  }
}
