package dev.weft.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "link",
    description = "Cut a link as one pulls a cable, and mend it.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "(down | up)")
final class LinkCommand {
  private static final String WHICH =
      "Its wire's id, 16 hex digits, or one of its ends, [NS/]POD:IF.";

  @Command(
      name = "down",
      description = "Take the carrier of both ends, until link up, also over restarts.",
      mixinStandardHelpOptions = true)
  void down(
      @Parameters(paramLabel = "LINK", description = WHICH) String link,
      @Mixin NodeOptions options) {
    ApiClient client = options.client();
    String id = new Ids(options, client).wire(link);
    client.put(path(id));
    options.done("wire " + id + " cut");
  }

  @Command(
      name = "up",
      description = "Mend a link that was cut; success also for one that is whole.",
      mixinStandardHelpOptions = true)
  void up(
      @Parameters(paramLabel = "LINK", description = WHICH) String link,
      @Mixin NodeOptions options) {
    ApiClient client = options.client();
    String id = new Ids(options, client).wire(link);
    client.delete(path(id));
    options.done("wire " + id + " mended");
  }

  private static String path(String id) {
    return "/api/v1/wires/" + id + "/cut";
  }
}
