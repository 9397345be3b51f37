package dev.weft.cli;

import picocli.CommandLine.Command;

@Command(name = "exports", mixinStandardHelpOptions = true)
final class ExportsCommand extends ListCommand {
  ExportsCommand() {
    super("mesh-exports");
  }
}
