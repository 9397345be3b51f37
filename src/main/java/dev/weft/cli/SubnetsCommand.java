package dev.weft.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "subnets", mixinStandardHelpOptions = true)
final class SubnetsCommand extends ListCommand {
  private static final String PATH = "/api/v1/subnets";

  /** What the list shows before the id of an agent's node. */
  private static final String OUTSIDER = "agent/";

  SubnetsCommand() {
    super("subnets");
  }

  @Command(
      name = "release",
      description = "Free the subnet of a node, or of an agent's node, that is gone for good.",
      mixinStandardHelpOptions = true)
  void release(
      @Parameters(paramLabel = "NODE", description = "Its id, 16 hex digits, or its name.")
          String holder,
      @Mixin NodeOptions options) {
    String node = holder.startsWith(OUTSIDER) ? holder.substring(OUTSIDER.length()) : holder;
    ApiClient client = options.client();
    client.delete(PATH + "/" + new Ids(options, client).holder(node));
    options.done("the subnet of node " + node + " is free");
  }
}
