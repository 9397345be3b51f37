package dev.weft.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "nodes", mixinStandardHelpOptions = true)
final class NodesCommand extends ListCommand {
  private static final String PATH = "/api/v1/nodes";

  NodesCommand() {
    super("nodes");
  }

  /** A member's health is what it says itself. */
  @Override
  boolean everywhere() {
    return true;
  }

  @Command(
      name = "forget",
      description =
          "Stop to expect a node that is away: its pods, wires and records go, on every member.",
      mixinStandardHelpOptions = true)
  void forget(
      @Parameters(paramLabel = "NODE", description = "A node that is away, by name or id.")
          String node,
      @Mixin NodeOptions options) {
    ApiClient client = options.client();
    String id = new Ids(options, client).node(node);
    client.delete(PATH + "/" + id);
    options.done("node " + node + " is forgotten");
  }
}
