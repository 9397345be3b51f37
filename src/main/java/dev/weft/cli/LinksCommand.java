package dev.weft.cli;

import picocli.CommandLine.Command;

@Command(name = "links", mixinStandardHelpOptions = true)
final class LinksCommand extends ListCommand {
  LinksCommand() {
    super("mesh-links");
  }
}
