package dev.weft.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "connections", mixinStandardHelpOptions = true)
final class ConnectionsCommand extends ListCommand {
  @Option(names = "--proxy", description = "Which nodes were added to the proxies, instead.")
  private boolean proxy;

  ConnectionsCommand() {
    super("connections");
  }

  @Override
  String shown() {
    return proxy ? "proxy-connections" : list();
  }
}
