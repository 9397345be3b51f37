package dev.weft.cli;

import picocli.CommandLine.Command;

@Command(name = "forwards", mixinStandardHelpOptions = true)
final class ForwardsCommand extends ListCommand {
  ForwardsCommand() {
    super("mesh-forwards");
  }
}
