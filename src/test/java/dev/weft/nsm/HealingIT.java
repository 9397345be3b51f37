package dev.weft.nsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client's node that has no endpoint of its own, and the one endpoint fails. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class HealingIT {
  private static final Duration SOON = Duration.ofSeconds(40);

  private static NsmNodes nodes;
  private static NsmNodes.Node home;
  private static int clients;
  private String pod;
  private TestNetns client;
  private EchoEndpoint endpoint;

  @BeforeAll
  static void start() throws Exception {
    nodes = NsmNodes.start(2, "heal: 12s, tunnels: [vxlan]");
    home = nodes.node(1);
  }

  @AfterAll
  static void end() throws Exception {
    if (nodes != null) {
      nodes.close();
    }
  }

  @BeforeEach
  void connect() throws Exception {
    pod = "c" + ++clients;
    client = home.pod(pod);
    endpoint = EchoEndpoint.serve("only", nodes.node(2), nodes.namespace("echo"));
    await().atMost(SOON).until(() -> endpoints() == 1);
    ask();
  }

  /** Leaves nothing to the next test. */
  @AfterEach
  void close() throws Exception {
    endpoint.close();
    home.http("DELETE", "/api/v1/pods/default/" + pod, "");
    await("nothing is left")
        .atMost(SOON)
        .until(() -> endpoints() == 0 && home.connections().isEmpty());
  }

  @Test
  void shouldTryAgainUntilTheEndpointAnswersAndLetARequestWaitForIt() throws Exception {
    // Given a connection that lost its interface, and an endpoint that refuses
    endpoint.refuse(true);
    client.run("ip", "link", "delete", "echo");
    await("healing").atMost(SOON).until(() -> state().equals("healing"));

    // When the client asks again
    CompletableFuture<JsonNode> answer = CompletableFuture.supplyAsync(this::ask);

    // Then it is answered once the endpoint accepts and the interface is there
    await()
        .during(Duration.ofSeconds(2))
        .until(() -> !answer.isDone() && state().equals("healing"));
    endpoint.refuse(false);
    assertThat(answer.get(30, TimeUnit.SECONDS).path("interface").asText()).isEqualTo("echo");
    assertThat(client.run("ip", "-br", "link")).contains("echo");
    assertThat(state()).isEqualTo("up");
  }

  @Test
  void shouldNotSpendItsTimeOnAnEndpointThatHangs() throws Exception {
    // Given an endpoint without connections, which is tried first, and never answers
    try (EchoEndpoint hanging =
        EchoEndpoint.serve("hanging", nodes.node(2), nodes.namespace("other"))) {
      hanging.hang();
      await().atMost(SOON).until(() -> endpoints() == 2);

      // When
      client.run("ip", "link", "delete", "echo");
      await("healing").atMost(SOON).until(() -> state().equals("healing"));

      // Then it gets half of the 12 s, and the other one is asked
      await("up").atMost(Duration.ofSeconds(10)).until(() -> state().equals("up"));
    }
  }

  @Test
  void shouldTakeOtherAddressesWhereTheNextEndpointUsesTheOldOnes() throws Exception {
    // Given another endpoint, in a namespace that has the connection's addresses already
    JsonNode before = home.connections().path(0);
    TestNetns taken = nodes.namespace("taken");
    taken.run("ip", "link", "set", "lo", "up");
    taken.run("ip", "address", "add", before.path("clientAddress").asText(), "dev", "lo");
    try (EchoEndpoint other = EchoEndpoint.serve("other", nodes.node(2), taken)) {
      await().atMost(SOON).until(() -> endpoints() == 2);

      // When the connection's endpoint is gone
      endpoint.refuse(true);
      endpoint.close();

      // Then
      await("up by the other one")
          .atMost(SOON)
          .untilAsserted(
              () -> {
                JsonNode now = home.connections().path(0);
                assertThat(now.path("state").asText()).isEqualTo("up");
                assertThat(now.path("provider").asText()).isEqualTo("other");
              });
      String address = home.connections().path(0).path("clientAddress").asText();
      assertThat(address).isNotEqualTo(before.path("clientAddress").asText());
      assertThat(client.run("ip", "-br", "address")).contains(address);
    }
  }

  @Test
  void shouldLeaveAnEndpointWhoseProcessIsFrozenOnceThereIsAnother() throws Exception {
    // Given a connection to a process that is frozen, and no other endpoint
    endpoint.close();
    Process frozen = nodes.node(2).echo("python", nodes.namespace("python"));
    await("up by the process")
        .atMost(SOON)
        .until(() -> state().equals("up") && provider().endsWith("python"));
    client.run("kill", "-STOP", Long.toString(frozen.pid()));
    await("known to be silent").atMost(SOON).until(() -> silent());
    assertThat(state()).as("its path still carries").isEqualTo("up");

    // When there is another
    try (EchoEndpoint other =
        EchoEndpoint.serve("other", nodes.node(2), nodes.namespace("other"))) {
      other.refuse(false);
      // Then
      await("up by the other one")
          .atMost(SOON)
          .until(() -> state().equals("up") && provider().equals("other"));

      client.run("kill", "-CONT", Long.toString(frozen.pid()));
      await("known to answer").atMost(SOON).until(() -> !silent());
    } finally {
      frozen.destroyForcibly().onExit().join();
    }
  }

  private boolean silent() throws IOException {
    return home.get("/api/v1/services").toString().contains("\"silent\":true");
  }

  private String provider() throws IOException {
    return home.connections().path(0).path("provider").asText();
  }

  @Test
  void shouldEndWhatCannotBeHealedInTimeAndSayWhyToARequest() throws Exception {
    // Given
    endpoint.close();
    await("healing").atMost(SOON).until(() -> state().equals("healing"));

    // When
    Throwable refused = catchThrowable(this::ask);

    // Then
    assertThat(refused).hasMessageContaining("no other endpoint within 12 s");
    await("the connection ends").atMost(SOON).until(() -> home.connections().isEmpty());
    assertThat(client.run("ip", "-br", "link")).doesNotContain("echo");
  }

  private int endpoints() throws Exception {
    return home.get("/api/v1/services").path("items").path(0).path("endpoints").size();
  }

  /** The client's request, always the same. */
  private JsonNode ask() {
    try {
      return Json.mapper()
          .readTree(
              client.run(
                  "env",
                  "PYTHONPATH=" + NsmNodes.EXAMPLE,
                  "PYTHONDONTWRITEBYTECODE=1",
                  Need.PYTHON,
                  "-c",
                  "import json, nsm; print(json.dumps(nsm.request('%s', 'echo', 'uid-1')))"
                      .formatted(home.socketOf(pod))));
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private String state() throws IOException {
    return home.connections().path(0).path("state").asText();
  }
}
