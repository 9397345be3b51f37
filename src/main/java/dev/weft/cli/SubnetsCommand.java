package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "subnets",
    description = "List which node has which part of the pods' range, or free one.",
    mixinStandardHelpOptions = true)
final class SubnetsCommand implements Runnable {
  private static final String PATH = "/api/v1/subnets";

  @Mixin private NodeOptions node;

  @Override
  public void run() {
    JsonNode answer = node.list(node.client(), PATH, false);
    if (node.json()) {
      node.printJson(answer);
      return;
    }
    TextTable table = new TextTable("SUBNET", "NODE", "ID", "MEMBER", "ENDPOINT", "MTU");
    for (JsonNode subnet : answer.path("items")) {
      int mtu = subnet.path("mtu").asInt();
      table.row(
          subnet.path("subnet").asText(),
          subnet.path("name").asText() + (subnet.path("self").asBoolean() ? " (this)" : ""),
          subnet.path("holder").asText(),
          subnet.path("live").asBoolean() ? "yes" : "no",
          subnet.path("endpoint").asText(null),
          mtu == 0 ? null : mtu);
    }
    node.print(table);
  }

  @Command(
      name = "release",
      description = "Free the subnet of a node that is gone for good.",
      mixinStandardHelpOptions = true)
  void release(
      @Parameters(paramLabel = "ID", description = "The node's id, 16 hex digits.") String id,
      @Mixin NodeOptions options) {
    options.client().delete(PATH + "/" + id);
    if (!options.json()) {
      options.out().println("the subnet of node " + id + " is free");
    }
  }
}
