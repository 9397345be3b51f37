package dev.weft.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Prints a node's event stream, a line for each event. */
final class EventLines {
  private static final String DATA = "data: ";

  private final NodeOptions node;

  EventLines(NodeOptions node) {
    this.node = node;
  }

  /** Takes a line of the stream; one that is no event's is passed over. */
  void print(String line) {
    if (!line.startsWith(DATA)) {
      return;
    }
    String data = line.substring(DATA.length());
    JsonNode event = parsed(data);
    if (event.has("missed")) {
      long missed = event.path("missed").asLong();
      String count = missed == 0 ? "" : missed + " events were missed: ";
      node.err().printf("weft: %s%s%n", count, event.path("reason").asText());
    } else if (node.asData()) {
      node.printDataLine(event);
    } else {
      node.out()
          .printf(
              "%s  %-8s  %-7s  %-17s  %s%n",
              Instant.parse(event.path("time").asText()).truncatedTo(ChronoUnit.MILLIS),
              event.path("id").asText(),
              event.path("severity").asText(),
              event.path("kind").asText(),
              event.path("text").asText());
    }
    node.out().flush();
  }

  private static JsonNode parsed(String data) {
    try {
      return Json.mapper().readTree(data);
    } catch (JsonProcessingException e) {
      throw new RequestFailed("an event that is not JSON: " + data, e);
    }
  }
}
