package dev.weft.nsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Three meshes, each with a CA of its own. The first may ask the second for {@code echo}; the third
 * would like to.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class ExternalServiceIT {
  private static final Duration SOON = Duration.ofSeconds(20);

  private static NsmNodes nodes;
  private static NsmNodes.Node asks;
  private static NsmNodes.Node serves;
  private static NsmNodes.Node stranger;

  @BeforeAll
  static void start() throws Exception {
    String second = "{ service: echo, address: \"10.98.0.2\", ca: {ca2} }";
    nodes =
        NsmNodes.apart(
            "heal: 30s, externals: [" + second + "]",
            "externals: [{ service: echo, ca: {ca1} }]",
            "externals: [" + second + ", { service: misnamed, address: \"second\", ca: {ca2} }]");
    asks = nodes.node(1);
    serves = nodes.node(2);
    stranger = nodes.node(3);
  }

  @AfterAll
  static void stop() throws Exception {
    if (nodes != null) {
      nodes.close();
    }
  }

  @Test
  void shouldReachAServiceOfAnotherMeshAndHealWhenItsNodeComesBack() throws Exception {
    // Given
    TestNetns client = asks.pod("c1");
    TestNetns there = nodes.namespace("e2");
    serves.echo("e2", there);
    await("the other mesh's service")
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(asks.get("/api/v1/services").at("/items/0/endpoints")).hasSize(1));

    // When
    JsonNode reply = asks.ask("c1", client, "uid-1", "--say", "over the border");

    // Then
    assertThat(reply.path("echo").asText()).isEqualTo("over the border");
    String gateway = reply.path("endpoint_address").asText();
    assertThat(client.run("ping", "-c", "1", "-W", "2", gateway)).contains(" 0% packet loss");
    assertThat(asks.get("/api/v1/connections").at("/items/0/endpointNode").asText())
        .isEqualTo(serves.id);
    assertThat(asks.get("/api/v1/nodes").path("items")).hasSize(1);
    assertThat(asks.ask("c1", client, "uid-1").path("connection"))
        .isEqualTo(reply.path("connection"));

    // When both nodes are killed and come back
    for (NsmNodes.Node node : new NsmNodes.Node[] {asks, serves}) {
      node.kill();
      java.nio.file.Files.delete(node.directory.resolve("http.sock"));
      node.start();
    }
    asks.awaitMembers(1);
    serves.awaitMembers(1);

    // Then
    await("frames cross again")
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .untilAsserted(
            () ->
                assertThat(client.run("ping", "-c", "1", "-W", "1", gateway))
                    .contains(" 0% packet loss"));

    // When
    asks.http("DELETE", "/api/v1/connections/" + reply.path("connection").asText(), "");

    // Then
    await("nothing is left on either side")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(client.run("ip", "-br", "link")).doesNotContain("echo");
              assertThat(there.run("ip", "-br", "link")).doesNotContain("nsm");
              assertThat(serves.get("/api/v1/connections").path("items")).isEmpty();
              assertThat(serves.get("/api/v1/wires").path("items")).isEmpty();
            });
  }

  @Test
  void shouldLetAnotherMeshDoNothingButAskForWhatIsSharedWithIt() throws Exception {
    JsonNode answers = probe(asks, serves);

    assertThat(answers.path("other service").asText())
        .startsWith("PERMISSION_DENIED service other is not for node " + asks.id);
    assertThat(answers.path("own wire").asText())
        .startsWith("PERMISSION_DENIED a wire without wire_id is not for");
    assertThat(answers.path("unknown wire").asText()).startsWith("FAILED_PRECONDITION");
    assertThat(answers.path("local").asText()).startsWith("PERMISSION_DENIED");
    assertThat(answers.path("pods").asText()).startsWith("PERMISSION_DENIED");
    assertThat(answers.path("frame").asText()).startsWith("NOT_FOUND interface id 7");
    assertThat(answers.path("health").asText()).startsWith("UNIMPLEMENTED");
  }

  @Test
  void shouldRefuseAMeshWhoseCaIsNotTrustedAndSayWhoCannotBeReached() throws Exception {
    await("the stranger's warning")
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(stranger.get("/api/v1/nodes?scope=cluster").toString())
                    .contains("external node at 10.98.0.2:51112")
                    .contains("external node at second:51112"));

    assertThat(stranger.get("/api/v1/services").path("items")).isEmpty();
    assertThat(probe(stranger, serves).path("other service").asText()).startsWith("UNAVAILABLE");
  }

  /** What a node answers at its door for other meshes to calls with another one's certificate. */
  private static JsonNode probe(NsmNodes.Node by, NsmNodes.Node to) throws Exception {
    return NsmNodes.call("outsider", by, to, 51112);
  }
}
