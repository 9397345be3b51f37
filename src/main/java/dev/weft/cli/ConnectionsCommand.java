package dev.weft.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "connections", mixinStandardHelpOptions = true)
final class ConnectionsCommand extends ListCommand {
  /** What the stream says once all that was before has been told. */
  private static final String LIVE = ": live";

  @Option(names = "--proxy", description = "Which nodes were added to the proxies, instead.")
  private boolean proxy;

  @Option(names = "--watch", description = "Stay, and show what becomes of them.")
  private boolean watch;

  private boolean live;

  ConnectionsCommand() {
    super("connections");
  }

  @Override
  String shown() {
    return proxy ? "proxy-connections" : list();
  }

  @Override
  public void run() {
    if (!watch) {
      super.run();
      return;
    }
    if (proxy) {
      throw node().usage("--watch: not with --proxy");
    }
    EventLines events = new EventLines(node());
    String scope = cluster() ? "&scope=cluster" : "";
    node().client().stream(
        "/api/v1/events?follow=true&kind=ConnectionChanged" + scope,
        line -> {
          if (live) {
            events.print(line);
          } else if (line.equals(LIVE)) {
            live = true;
            super.run();
            node().out().flush();
          }
        });
    throw new RequestFailed("the node ended the stream");
  }
}
