package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "proxy",
    description = "Start and stop the node's proxies, and add nodes to them.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "(status | forward | reverse | stop | add | remove)")
final class ProxyCommand {
  private static final String PATH = "/api/v1/proxy";
  private static final String CONNECTIONS = PATH + "/connections";

  @Command(
      name = "status",
      description = "Show both proxies, their ports and what they have counted.",
      mixinStandardHelpOptions = true)
  void status(@Mixin NodeOptions options) {
    show(options, options.client().get(PATH));
  }

  private static void show(NodeOptions options, JsonNode proxy) {
    if (options.asData()) {
      options.printData(proxy);
      return;
    }
    TextTable table =
        new TextTable(
            "PROXY", "STATE", "AT", "UDP", "OPEN", "MADE", "FAILED", "SENT", "RECEIVED", "REASON");
    row(table, "forward", proxy.path("forward"), "listen");
    row(table, "reverse", proxy.path("reverse"), "target");
    options.print(table);
  }

  private static void row(TextTable table, String side, JsonNode proxy, String at) {
    List<String> ports = new ArrayList<>();
    proxy
        .path("udp")
        .properties()
        .forEach(
            port -> {
              if (port.getValue().asInt() > 0) {
                ports.add(port.getKey() + " " + port.getValue().asInt());
              }
            });
    JsonNode streams = proxy.path("streams");
    table.row(
        side,
        proxy.path("state").asText(),
        proxy.path(at).asText(null),
        ports.isEmpty() ? null : String.join(", ", ports),
        streams.path("open").asText(),
        streams.path("made").asText(),
        streams.path("failed").asText(),
        streams.path("sentBytes").asText(),
        streams.path("receivedBytes").asText(),
        proxy.path("reason").asText(null));
  }

  @Command(
      name = "forward",
      description = {
        "Start the forward proxy, and keep that over restarts.",
        "What is left out is as proxy.forward of the configuration has it."
      },
      mixinStandardHelpOptions = true)
  void forward(
      @Option(names = "--host", paramLabel = "ADDRESS", description = "Where clients connect.")
          String host,
      @Option(names = "--port", paramLabel = "PORT", description = "0 for any free one.")
          Integer port,
      @Option(
              names = "--proxy-token-file",
              paramLabel = "FILE",
              description = "Its first line is the token that clients have to know.")
          Path token,
      @Option(
              names = "--members",
              negatable = true,
              description = "Let clients reach all members of the cluster.")
          Boolean members,
      @Mixin NodeOptions options) {
    ObjectNode wanted = Json.mapper().createObjectNode();
    if (host != null) {
      wanted.put("host", host);
    }
    if (port != null) {
      wanted.put("port", port);
    }
    if (token != null) {
      wanted.put("token", firstLine(token, options));
    }
    if (members != null) {
      wanted.put("members", members);
    }
    show(options, options.client().send("PUT", PATH + "/forward", wanted));
  }

  private static String firstLine(Path file, NodeOptions options) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.findFirst().orElse("").strip();
    } catch (IOException e) {
      throw options.usage("--proxy-token-file: " + file + " (expected: a file that can be read)");
    }
  }

  @Command(
      name = "reverse",
      description = "Start the reverse proxy before a server, and keep that over restarts.",
      mixinStandardHelpOptions = true)
  void reverse(
      @Parameters(
              paramLabel = "TARGET",
              description = "Where the server listens: HOST:PORT, tcp://HOST:PORT or unix:PATH.")
          String target,
      @Option(
              names = "--allow",
              paramLabel = "NODE",
              split = ",",
              description = "Nodes that may connect, by name or id (default: all of the mesh).")
          List<String> allow,
      @Mixin NodeOptions options) {
    ObjectNode wanted = Json.mapper().createObjectNode().put("target", target);
    ApiClient client = options.client();
    if (allow != null) {
      ArrayNode nodes = wanted.putArray("allow");
      allow.stream().map(new Ids(options, client)::node).forEach(nodes::add);
    }
    show(options, client.send("PUT", PATH + "/reverse", wanted));
  }

  /** Which proxy. */
  enum Side {
    forward,
    reverse
  }

  @Command(
      name = "stop",
      description = "Stop a proxy: what runs through it is broken off, its sockets are closed.",
      mixinStandardHelpOptions = true)
  void stop(
      @Parameters(paramLabel = "PROXY", description = "forward or reverse.") Side side,
      @Mixin NodeOptions options) {
    options.client().delete(PATH + "/" + side);
    options.done(side + " proxy stopped");
  }

  @Command(
      name = "add",
      description = "Add another node's UDP port to a proxy, and keep that over restarts.",
      mixinStandardHelpOptions = true)
  void add(
      @Parameters(paramLabel = "HOST:PORT", description = "As it is seen from the node.") String to,
      @Option(
              names = "--nat",
              description = "It is behind a NAT: both sides add each other at about the same time.")
          boolean nat,
      @Option(
              names = "--reverse",
              description =
                  "To the reverse proxy: let a node behind a NAT come (default: forward).")
          boolean reverse,
      @Option(
              names = "--node",
              paramLabel = "NODE",
              description = "Which node must answer, by name or id.")
          String node,
      @Option(
              names = "--transport",
              paramLabel = "NAME",
              description = "quic or utp (default: proxy.transport).")
          String transport,
      @Option(
              names = "--timeout",
              paramLabel = "SECONDS",
              description = "After which an attempt is told as lost (default: 20).")
          Integer seconds,
      @Mixin NodeOptions options) {
    ObjectNode wanted =
        Json.mapper()
            .createObjectNode()
            .put("to", to)
            .put("nat", nat)
            .put("side", side(reverse).name());
    ApiClient client = options.client();
    if (node != null) {
      wanted.put("node", new Ids(options, client).node(node));
    }
    if (transport != null) {
      wanted.put("transport", transport);
    }
    if (seconds != null) {
      wanted.put("timeoutMillis", seconds * 1000L);
    }
    JsonNode made = client.send("POST", CONNECTIONS, wanted);
    options.answer(
        made,
        "%s, %s over %s, is %s"
            .formatted(
                made.path("to").asText(),
                made.path("kind").asText(),
                made.path("transport").asText(),
                made.path("state").asText()));
  }

  private static Side side(boolean reverse) {
    return reverse ? Side.reverse : Side.forward;
  }

  @Command(
      name = "remove",
      description = "Remove a node that was added; what runs over the connection is reset.",
      mixinStandardHelpOptions = true)
  void remove(
      @Parameters(paramLabel = "HOST:PORT", description = "As weft connections --proxy shows it.")
          String to,
      @Option(names = "--reverse", description = "Of the reverse proxy (default: forward).")
          boolean reverse,
      @Mixin NodeOptions options) {
    options
        .client()
        .delete(CONNECTIONS + "?to=" + ApiClient.escaped(to) + "&side=" + side(reverse));
    options.done("connection " + to + " removed");
  }
}
