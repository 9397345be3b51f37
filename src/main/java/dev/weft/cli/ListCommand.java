package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows one of the API's lists, part by part; {@code lists.json} describes it. */
@Command(mixinStandardHelpOptions = true)
class ListCommand implements Runnable {
  /** What the stream of events says once all that was before has been told. */
  private static final String LIVE = ": live";

  private final String name;

  @Mixin private NodeOptions node;

  @Option(names = "--cluster", description = "Ask every member, and name those that do not answer.")
  private boolean cluster;

  @Option(names = "--limit", paramLabel = "N", description = "Rows at most (default: all).")
  private Integer limit;

  @Option(
      names = {"-w", "--watch"},
      description = "Stay, and show what becomes of them, one event a line.")
  private boolean watch;

  private boolean live;

  /**
   * @param name of the list, and of the command unless it has another
   */
  ListCommand(String name) {
    this.name = name;
  }

  final NodeOptions node() {
    return node;
  }

  final String list() {
    return name;
  }

  final String about() {
    return ListDescription.of(name).about();
  }

  /** The list that is shown, which an option may have chosen. */
  String shown() {
    return name;
  }

  /** Whether all members are asked. */
  boolean everywhere() {
    return cluster;
  }

  @Override
  public void run() {
    if (limit != null && limit < 1) {
      throw node.usage("--limit: " + limit + " (expected: 1 or more)");
    }
    ApiClient client = node.listClient();
    ListDescription list = ListDescription.of(shown());
    if (watch) {
      watch(client, list);
    } else {
      show(client, list);
    }
  }

  private void show(ApiClient client, ListDescription list) {
    JsonNode answer =
        node.list(client, list.path(), everywhere(), limit == null ? Integer.MAX_VALUE : limit);
    if (node.asData()) {
      node.printData(answer);
    } else {
      node.print(list, client, answer.path("items"));
      node.tellAway(answer);
    }
  }

  /** The list is shown once events are heard, so that nothing happens unseen in between. */
  private void watch(ApiClient client, ListDescription list) {
    EventLines events = new EventLines(node);
    String kinds = "&kind=" + String.join(",", list.facts());
    String scope = everywhere() ? "&scope=cluster" : "";
    client.stream(
        "/api/v1/events?follow=true" + kinds + scope,
        line -> {
          if (live) {
            events.print(line);
          } else if (line.equals(LIVE)) {
            live = true;
            show(client, list);
            node.out().flush();
          }
        });
    throw new RequestFailed("the node ended the stream");
  }
}
