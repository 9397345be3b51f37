package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "netcheck",
    description =
        "Show how a node is connected: what its NAT does, and by which way it reaches others.",
    mixinStandardHelpOptions = true)
final class NetcheckCommand implements Runnable {
  @Mixin private NodeOptions node;

  @Override
  public void run() {
    ApiClient client = node.client();
    JsonNode check = client.get("/api/v1/netcheck");
    if (node.asData()) {
      node.printData(check);
      return;
    }
    Map<String, String> names = NodeOptions.names(client);
    node.out().print(new NetcheckReport(check, names));
    node.out().flush();
  }
}
