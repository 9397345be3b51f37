package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import dev.weft.pod.PodRef;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "service",
    description = "Play a network service's client or endpoint, or declare chains of services.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "(request | close | advertise | list | chain | unchain)")
final class ServiceCommand {
  @Spec private CommandSpec spec;

  @Command(
      name = "request",
      description = "Connect a pod of the node to a service, as the pod's own request would.",
      mixinStandardHelpOptions = true)
  void request(
      @Parameters(paramLabel = "SERVICE") String service,
      @Option(
              names = "--pod",
              required = true,
              paramLabel = "[NS/]NAME",
              converter = Converters.Pod.class,
              description = "The client.")
          PodRef pod,
      @Option(
              names = "--request-id",
              paramLabel = "ID",
              description = "The same again is the same connection (default: a new one).")
          String requestId,
      @Mixin NodeOptions options) {
    JsonNode made =
        options
            .client()
            .send(
                "POST",
                "/api/v1/connections",
                Json.mapper()
                    .createObjectNode()
                    .put("pod", pod.toString())
                    .put("service", service)
                    .put(
                        "requestId", requestId == null ? UUID.randomUUID().toString() : requestId));
    options.answer(
        made,
        "connection %s %s: %s has %s on %s, %s is at %s"
            .formatted(
                made.path("id").asText(),
                made.path("state").asText(),
                pod,
                addresses(made, "clientAddress"),
                made.path("clientInterface").asText(),
                made.path("provider").asText(),
                addresses(made, "endpointAddress")));
  }

  /** Of one end, of both families if there are. */
  private static String addresses(JsonNode made, String end) {
    String four = made.path(end).asText();
    return made.hasNonNull(end + "6") ? four + " and " + made.path(end + "6").asText() : four;
  }

  @Command(
      name = "close",
      description = "End a connection on both nodes.",
      mixinStandardHelpOptions = true)
  void close(
      @Parameters(
              paramLabel = "CONNECTION",
              description = "Its id, 16 hex digits, or the client's end, [NS/]POD:IF.")
          String connection,
      @Mixin NodeOptions options) {
    ApiClient client = options.client();
    String id = new Ids(options, client).connection(connection);
    client.delete("/api/v1/connections/" + id);
    options.done("connection " + id + " ended");
  }

  @Command(
      name = "chain",
      description = "Declare a service that leads over others, for the whole cluster.",
      mixinStandardHelpOptions = true)
  void chain(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(
              paramLabel = "SERVICE",
              index = "1..*",
              arity = "1..*",
              description = "The services on the way, the client's first.")
          List<String> via,
      @Mixin NodeOptions options) {
    ObjectNode body = Json.mapper().createObjectNode();
    via.forEach(body.putArray("via")::add);
    JsonNode chain =
        options.client().send("PUT", "/api/v1/chains/" + ApiClient.escaped(name), body);
    options.answer(chain, "service " + name + " leads over " + String.join(" -> ", via));
  }

  @Command(
      name = "unchain",
      description = "Withdraw a chain; connections that stand stay as they are.",
      mixinStandardHelpOptions = true)
  void unchain(@Parameters(paramLabel = "NAME") String name, @Mixin NodeOptions options) {
    options.client().delete("/api/v1/chains/" + ApiClient.escaped(name));
    options.done("chain " + name + " withdrawn");
  }

  @Command(
      name = "advertise",
      description = "Provide a service from a namespace of this host until Ctrl-C.",
      mixinStandardHelpOptions = true)
  int advertise(
      @Parameters(paramLabel = "SERVICE") String service,
      @Option(names = "--name", required = true, description = "The endpoint's name.") String name,
      @Option(
              names = "--netns",
              required = true,
              paramLabel = "PATH|NAME",
              description = "Where clients' connections end.")
          String netns,
      @Option(
              names = "--sockets",
              paramLabel = "DIR",
              defaultValue = "/var/lib/networkservicemesh",
              description = "The node's nsm.sockets (default: ${DEFAULT-VALUE}).")
          Path sockets,
      @Option(
              names = "--route",
              paramLabel = "CIDR",
              description = "What clients are to reach through it; may be given several times.")
          List<String> routes)
      throws InterruptedException {
    EndpointRole endpoint =
        new EndpointRole(sockets, service, name, netns, routes == null ? List.of() : routes);
    return endpoint.play(spec.commandLine().getOut());
  }
}
