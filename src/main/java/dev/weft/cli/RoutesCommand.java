package dev.weft.cli;

import dev.weft.bus.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "routes", mixinStandardHelpOptions = true)
final class RoutesCommand extends ListCommand {
  private static final String PATH = "/api/v1/routes";

  @Option(names = "--mesh", description = "The routes through the mesh, node to node, instead.")
  private boolean mesh;

  RoutesCommand() {
    super("routes");
  }

  @Override
  String shown() {
    return mesh ? "mesh-routes" : list();
  }

  @Command(
      name = "add",
      description = "Make a route on the node, as `ip route add` does, and keep it over restarts.",
      mixinStandardHelpOptions = true)
  void add(
      @Parameters(paramLabel = "CIDR", description = "A network without host bits.")
          String destination,
      @Option(names = "--via", required = true, paramLabel = "DEVICE") String via,
      @Mixin NodeOptions options) {
    options
        .client()
        .send(
            "PUT",
            PATH,
            Json.mapper().createObjectNode().put("destination", destination).put("via", via));
    options.done("route " + destination + " dev " + via);
  }

  @Command(
      name = "remove",
      description = "Remove a route that was added.",
      mixinStandardHelpOptions = true)
  void remove(@Parameters(paramLabel = "CIDR") String destination, @Mixin NodeOptions options) {
    options.client().delete(PATH + "?destination=" + ApiClient.escaped(destination));
    options.done("route " + destination + " removed");
  }
}
