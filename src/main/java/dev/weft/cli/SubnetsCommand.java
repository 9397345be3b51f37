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
      @Parameters(paramLabel = "NODE", description = "Its id, 16 hex digits, or its name.")
          String node,
      @Mixin NodeOptions options) {
    ApiClient client = options.client();
    client.delete(PATH + "/" + new Ids(options, client).holder(node));
    options.done("the subnet of node " + node + " is free");
  }
}
