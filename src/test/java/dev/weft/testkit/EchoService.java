package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** The example's echo service: a pod that provides it, and others that ask for it by its name. */
public final class EchoService implements AutoCloseable {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Path EXAMPLE = Path.of("deploy/examples/nsm").toAbsolutePath();

  private final Process endpoint;

  private EchoService(Process endpoint) {
    this.endpoint = endpoint;
  }

  /** Has a pod of one node ask for the service in a pod of another, by full frames' interface. */
  public static void assertAnswers(NodeProcess asked, NodeProcess provider, String say)
      throws Exception {
    try (TestNetns client = TestNetns.create("c1");
        TestNetns server = TestNetns.create("e2")) {
      asked.pod("c1", client);
      provider.pod("e2", server);
      try (EchoService echo = start(provider, "e2", server)) {
        assertThat(echo.ask(asked, "c1", client, say).path("echo").asText()).isEqualTo(say);
        assertThat(client.run("ip", "-o", "link", "show", "echo")).contains("mtu 1500");
      }
    }
  }

  /** Starts the endpoint in a pod of a node. */
  private static EchoService start(NodeProcess node, String pod, TestNetns netns)
      throws IOException {
    Path output = node.home().resolve("echo.log");
    Process started =
        netns.start(
            output.toFile(),
            Need.PYTHON,
            EXAMPLE.resolve("echo_endpoint.py").toString(),
            "--sockets",
            node.home().resolve("nsm").toString(),
            "--name",
            pod,
            "--socket",
            node.home().resolve(pod + ".sock").toString());
    await("endpoint").atMost(SOON).until(() -> Files.readString(output).contains("provides"));
    return new EchoService(started);
  }

  /** Asks for the service in a pod of a node, and has it say something; its interface is echo. */
  private JsonNode ask(NodeProcess node, String pod, TestNetns netns, String say) {
    Path socket = node.home().resolve("nsm").resolve("nsm-" + pod).resolve("nsm.ligato.io.sock");
    await("socket of " + pod).atMost(SOON).until(() -> Files.exists(socket));
    await("service known at " + node.name())
        .atMost(SOON)
        .until(() -> node.api().get("/api/v1/services").path("items").size() == 1);
    try {
      String output =
          netns.run(
              Need.PYTHON,
              EXAMPLE.resolve("echo_client.py").toString(),
              "--socket",
              socket.toString(),
              "--request-id",
              "uid-1",
              "--say",
              say);
      return Json.mapper().readTree(output.substring(output.indexOf('{')));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(node.log(), e);
    }
  }

  @Override
  public void close() {
    endpoint.destroyForcibly().onExit().join();
  }
}
