package dev.weft.nsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A client in Python follows its connections on its own socket. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class MonitorIT {
  private static final Duration SOON = Duration.ofSeconds(20);

  private static NsmNodes nodes;
  private static NsmNodes.Node node;
  private static TestNetns client;
  private static TestNetns other;

  private final List<Process> watchers = new ArrayList<>();
  private final List<EchoEndpoint> endpoints = new ArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    nodes = NsmNodes.start(1, "heal: 5s");
    node = nodes.node(1);
    client = node.pod("c1");
    other = node.pod("c2");
  }

  @AfterAll
  static void stop() throws Exception {
    if (nodes != null) {
      nodes.close();
    }
  }

  @AfterEach
  void end() throws Exception {
    watchers.forEach(w -> w.destroyForcibly().onExit().join());
    node.closeAll();
    endpoints.forEach(EchoEndpoint::close);
    await("no endpoint is left")
        .atMost(SOON)
        .until(() -> node.get("/api/v1/services").path("items").isEmpty());
  }

  @Test
  void shouldTellAClientThatItsConnectionHealsMovesAndEnds() throws Exception {
    // Given
    Path told = watch("c1", client);
    Path toldOther = watch("c2", other);
    EchoEndpoint first = endpoint("e1");

    // When
    String id = ask("uid-1");
    endpoint("e2");
    first.close();
    await("moved").atMost(SOON).untilAsserted(() -> assertThat(happened(told)).contains("moved"));
    JsonNode closed = NsmNodes.probe(client, "close", node.socketOf("c1").toString(), id);

    // Then
    assertThat(closed.path("answer").asText()).isEqualTo("OK");
    await("ended").atMost(SOON).untilAsserted(() -> assertThat(happened(told)).contains("ended"));
    assertThat(happened(told)).containsSubsequence("up", "healing", "moved", "ended");
    JsonNode moved = event(told, "moved");
    assertThat(moved.path("connection").asText()).isEqualTo(id);
    assertThat(moved.path("endpoint").asText()).isEqualTo("e2");
    assertThat(moved.path("address").asText()).isNotEmpty();
    assertThat(event(told, "healing").path("reason").asText()).contains("e1");
    assertThat(event(told, "ended").path("reason").asText()).isEqualTo("closed by its client");
    assertThat(happened(toldOther)).as("another pod's").isEmpty();
    assertThat(client.run("ip", "-br", "link")).doesNotContain("echo");
  }

  @Test
  void shouldLetAClientFollowOneConnectionAndNotEndAnotherPodsConnections() throws Exception {
    // Given
    endpoint("e1");
    String one = ask("uid-1");
    String two = ask("uid-2");
    Path told = watch("c1", client, one);
    assertThat(lines(told).get(0).at("/connections/0/happened").asText()).isEqualTo("up");
    assertThat(lines(told).get(0).path("connections")).hasSize(1);

    // When
    NsmNodes.probe(other, "close", node.socketOf("c2").toString(), one);
    NsmNodes.probe(client, "close", node.socketOf("c1").toString(), two);
    assertThat(node.connections()).hasSize(1);
    NsmNodes.probe(client, "close", node.socketOf("c1").toString(), one);

    // Then
    await("ended").atMost(SOON).until(() -> happened(told).contains("ended"));
    assertThat(happened(told)).containsExactly("ended");
  }

  @Test
  void shouldServeSoManyStreamsOfAPodAndNoMore() throws Exception {
    for (int again = 0; again < 2; again++) {
      JsonNode answer = NsmNodes.probe(client, "watchers", node.socketOf("c1").toString(), "17");

      assertThat(answer.path("served").asInt()).isEqualTo(16);
      assertThat(answer.path("refused"))
          .extracting(JsonNode::asText)
          .containsExactly("RESOURCE_EXHAUSTED pod default/c1: 16 monitors (expected: fewer)");
    }
  }

  private EchoEndpoint endpoint(String name) throws Exception {
    EchoEndpoint made = EchoEndpoint.serve(name, node, nodes.namespace(name));
    endpoints.add(made);
    await(name).atMost(SOON).until(() -> node.get("/api/v1/services").toString().contains(name));
    return made;
  }

  /** A connection of pod c1. */
  private static String ask(String requestId) throws Exception {
    JsonNode made =
        node.http(
            "POST",
            "/api/v1/connections",
            "{\"pod\":\"c1\",\"service\":\"echo\",\"requestId\":\"%s\"}".formatted(requestId));
    return made.path("id").asText();
  }

  /** What a pod's client is told, from when it was told what there is. */
  private Path watch(String pod, TestNetns where, String... connection) throws Exception {
    Path output = node.directory.resolve("watch-" + pod + "-" + watchers.size() + ".log");
    Files.deleteIfExists(output);
    List<String> arguments = new ArrayList<>(List.of("watch", node.socketOf(pod).toString()));
    arguments.addAll(List.of(connection));
    watchers.add(
        where.start(output.toFile(), NsmNodes.probeCommand(arguments.toArray(String[]::new))));
    await("told").atMost(SOON).until(() -> !lines(output).isEmpty());
    return output;
  }

  private static List<JsonNode> lines(Path output) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(output)) {
      if (line.endsWith("}")) {
        lines.add(Json.mapper().readTree(line));
      }
    }
    return lines;
  }

  private static List<String> happened(Path output) throws IOException {
    return lines(output).stream()
        .filter(line -> !line.path("kind").asText().equals("initial"))
        .map(line -> line.at("/connections/0/happened").asText())
        .toList();
  }

  private static JsonNode event(Path output, String happened) throws IOException {
    return lines(output).stream()
        .map(line -> line.at("/connections/0"))
        .filter(c -> c.path("happened").asText().equals(happened))
        .findFirst()
        .orElseThrow();
  }
}
