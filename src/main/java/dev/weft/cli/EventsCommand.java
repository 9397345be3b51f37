package dev.weft.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "events",
    description = "Show what happened on a node, oldest first; with --json one object a line.",
    mixinStandardHelpOptions = true)
final class EventsCommand implements Runnable {
  @Mixin private NodeOptions node;

  @Option(names = "--follow", description = "Stay for what happens from now on.")
  private boolean follow;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      split = ",",
      description = "Only these kinds, as in WireChanged,PodChanged.")
  private List<String> kinds = List.of();

  @Option(names = "--since", paramLabel = "ID", description = "Only what came after this event.")
  private String since;

  @Override
  public void run() {
    StringBuilder path = new StringBuilder("/api/v1/events?follow=" + follow);
    if (!kinds.isEmpty()) {
      path.append("&kind=").append(ApiClient.escaped(String.join(",", kinds)));
    }
    if (since != null) {
      path.append("&since=").append(ApiClient.escaped(since));
    }
    node.client().stream(path.toString(), this::onLine);
    if (follow) {
      throw new RequestFailed("the node ended the stream");
    }
  }

  private void onLine(String line) {
    if (!line.startsWith("data: ")) {
      return;
    }
    String data = line.substring("data: ".length());
    JsonNode event = parsed(data);
    if (event.has("missed")) {
      long missed = event.path("missed").asLong();
      String count = missed == 0 ? "" : missed + " events were missed: ";
      node.err().printf("weft: %s%s%n", count, event.path("reason").asText());
    } else if (node.json()) {
      node.out().println(data);
    } else {
      node.out()
          .printf(
              "%s  %-7s  %-17s  %s%n",
              Instant.parse(event.path("time").asText()).truncatedTo(ChronoUnit.MILLIS),
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
