package dev.weft.cli;

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

  @Option(
      names = "--since",
      paramLabel = "ID|AGE",
      description = "Only what came after this event, or is not older, as in 30s, 5m or 2h.")
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
    node.client().stream(path.toString(), new EventLines(node)::print);
    if (follow) {
      throw new RequestFailed("the node ended the stream");
    }
  }
}
