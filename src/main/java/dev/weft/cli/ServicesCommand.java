package dev.weft.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "services", mixinStandardHelpOptions = true)
final class ServicesCommand extends ListCommand {
  @Option(names = "--mesh", description = "What nodes of the mesh export, instead.")
  private boolean mesh;

  @Option(names = "--chains", description = "Services that are chains of others, instead.")
  private boolean chains;

  ServicesCommand() {
    super("services");
  }

  @Override
  String shown() {
    if (mesh && chains) {
      throw node().usage("--mesh: not with --chains");
    }
    return mesh ? "mesh-services" : chains ? "chains" : list();
  }
}
