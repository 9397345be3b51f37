package dev.weft.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "subnets", mixinStandardHelpOptions = true)
final class SubnetsCommand extends ListCommand {
  private static final String PATH = "/api/v1/subnets";

  SubnetsCommand() {
    super("subnets");
  }

  @Command(
      name = "release",
      description = "Free the subnet of a node that is gone for good.",
      mixinStandardHelpOptions = true)
  void release(
      @Parameters(paramLabel = "ID", description = "The node's id, 16 hex digits.") String id,
      @Mixin NodeOptions options) {
    options.client().delete(PATH + "/" + id);
    options.done("the subnet of node " + id + " is free");
  }
}
