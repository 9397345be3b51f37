package dev.weft.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "services", mixinStandardHelpOptions = true)
final class ServicesCommand extends ListCommand {
  @Option(names = "--mesh", description = "What nodes of the mesh export, instead.")
  private boolean mesh;

  ServicesCommand() {
    super("services");
  }

  @Override
  String shown() {
    return mesh ? "mesh-services" : list();
  }
}
