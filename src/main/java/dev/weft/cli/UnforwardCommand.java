package dev.weft.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "unforward",
    description = "Close a forward that was made; its clients are broken off.",
    mixinStandardHelpOptions = true)
final class UnforwardCommand implements Runnable {
  @Parameters(paramLabel = "LISTEN", description = "As weft forwards shows it.")
  private String listen;

  @Mixin private NodeOptions options;

  @Override
  public void run() {
    options.client().delete(ForwardCommand.PATH + "?listen=" + ApiClient.escaped(listen));
    options.done("forward " + listen + " closed");
  }
}
