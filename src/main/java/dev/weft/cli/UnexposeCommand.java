package dev.weft.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "unexpose",
    description = "Withdraw a service that was exposed; its connections are broken off.",
    mixinStandardHelpOptions = true)
final class UnexposeCommand implements Runnable {
  @Parameters(paramLabel = "NAME")
  private String name;

  @Mixin private NodeOptions options;

  @Override
  public void run() {
    // A path has %20 where a query has +; a name has no spaces.
    options.client().delete(ExposeCommand.PATH + "/" + ApiClient.escaped(name));
    options.done("service " + name + " withdrawn");
  }
}
