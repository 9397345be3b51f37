package dev.weft.cli;

import picocli.CommandLine.Command;

@Command(name = "peers", mixinStandardHelpOptions = true)
final class PeersCommand extends ListCommand {
  PeersCommand() {
    super("mesh-peers");
  }
}
