package dev.weft.nsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Client and endpoint on different nodes, in another language, over their sockets alone. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class RemoteServiceIT {
  @Test
  void shouldReachTheServiceAndFollowItWhenEndpointsAndNodesDie() throws Exception {
    try (NsmNodes nodes = NsmNodes.start(3, "heal: 30s")) {
      shouldReachTheServiceAndFollowIt(nodes);
    }
  }

  private static void shouldReachTheServiceAndFollowIt(NsmNodes nodes) throws Exception {
    // Given
    NsmNodes.Node home = nodes.node(1);
    TestNetns client = home.pod("c1");
    // An endpoint in a registered pod, and one in a namespace that nobody registered.
    TestNetns at2 = nodes.node(2).pod("e2");
    TestNetns at3 = nodes.namespace("e3");
    Process e2 = nodes.node(2).echo("e2", at2, "--route", "10.77.0.0/16");
    awaitServices(home, 1);

    // When
    JsonNode reply = home.ask("c1", client, "uid-1", "--say", "over a wire");

    // Then
    assertThat(reply.path("echo").asText()).isEqualTo("over a wire");
    assertThat(reply.path("interface").asText()).isEqualTo("echo");
    assertThat(reply.path("routes")).extracting(JsonNode::asText).contains("10.77.0.0/16");
    assertThat(client.run("ip", "-o", "link", "show", "echo")).contains("mtu 1500");
    assertThat(client.run("ip", "-N", "route")).contains("10.77.0.0/16 via", "proto 173");
    assertThat(home.ask("c1", client, "uid-1"))
        .isEqualTo(
            ((com.fasterxml.jackson.databind.node.ObjectNode) reply.deepCopy())
                .put("echo", "hello"));

    // When the endpoint's process dies and another node's takes over
    nodes.node(3).echo("e3", at3, "--route", "10.77.0.0/16");
    awaitServices(home, 2);
    long killed = System.nanoTime();
    e2.destroyForcibly().onExit().join();

    // Then
    assertThat(healed(home, nodes.node(3))).isLessThan(killed + Duration.ofSeconds(10).toNanos());
    System.out.printf("healed after an endpoint died: %d ms%n", millisSince(killed));
    JsonNode after = home.ask("c1", client, "uid-1", "--say", "again");
    assertThat(after.path("echo").asText()).isEqualTo("again");
    assertThat(after.path("address")).isEqualTo(reply.path("address"));
    assertThat(after.path("interface")).isEqualTo(reply.path("interface"));
    assertThat(after.path("connection")).isEqualTo(reply.path("connection"));
    await("the former endpoint's interface is gone")
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(at2.run("ip", "-br", "link")).doesNotContain("nsm"));

    // When the endpoint's node stands still and the first endpoint is back
    nodes.node(2).echo("e2", at2, "--route", "10.77.0.0/16");
    awaitServices(home, 2);
    client.run("kill", "-STOP", Long.toString(nodes.node(3).pid()));
    final long frozen = System.nanoTime();

    // Then its path is told to be dead, and the other endpoint takes over
    await("told")
        .atMost(Duration.ofSeconds(25))
        .pollInterval(Duration.ofMillis(100))
        .until(() -> !home.get("/api/v1/connections").at("/items/0/state").asText().equals("up"));
    System.out.printf("a node that stands still noticed: %d ms%n", millisSince(frozen));
    healed(home, nodes.node(2));
    System.out.printf("healed after a node stood still: %d ms%n", millisSince(frozen));
    after = home.ask("c1", client, "uid-1", "--say", "and again");
    assertThat(after.path("echo").asText()).isEqualTo("and again");
    assertThat(after.path("address")).isEqualTo(reply.path("address"));

    // When it goes on
    client.run("kill", "-CONT", Long.toString(nodes.node(3).pid()));

    // Then its half goes
    await("the former endpoint's interface is gone")
        .atMost(Duration.ofSeconds(40))
        .ignoreException(IOException.class)
        .untilAsserted(
            () -> {
              assertThat(at3.run("ip", "-br", "link")).doesNotContain("nsm");
              assertThat(nodes.node(3).connections()).isEmpty();
            });
    nodes.node(3).awaitMembers(3);
    awaitServices(home, 2);

    // When the endpoint's node dies
    killed = System.nanoTime();
    nodes.node(2).kill();

    // Then
    assertThat(healed(home, nodes.node(3))).isLessThan(killed + Duration.ofSeconds(15).toNanos());
    System.out.printf("healed after a node died: %d ms%n", millisSince(killed));
    after = home.ask("c1", client, "uid-1", "--say", "once more");
    assertThat(after.path("echo").asText()).isEqualTo("once more");
    assertThat(after.path("address")).isEqualTo(reply.path("address"));

    // When the client's pod goes
    home.http("DELETE", "/api/v1/pods/default/c1", "");

    // Then nothing is left on either node
    await("both halves are gone")
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> {
              assertThat(client.run("ip", "-br", "link")).doesNotContain("echo");
              assertThat(at3.run("ip", "-br", "link")).doesNotContain("nsm");
              assertThat(home.get("/api/v1/connections").path("items")).isEmpty();
              assertThat(nodes.node(3).get("/api/v1/connections").path("items")).isEmpty();
              assertThat(nodes.node(3).get("/api/v1/wires").path("items")).isEmpty();
              assertThat(home.socketOf("c1")).doesNotExist();
            });
  }

  /** Two nodes that agree on VXLAN. */
  @Nested
  class OverVxlan {
    private static NsmNodes nodes;
    private static int clients;
    private String pod;
    private TestNetns client;
    private TestNetns there;
    private Process endpoint;

    @BeforeAll
    static void start() throws Exception {
      nodes = NsmNodes.start(2, "tunnels: [vxlan]");
    }

    @AfterAll
    static void end() throws Exception {
      nodes.close();
    }

    @BeforeEach
    void serve() throws Exception {
      pod = "c" + ++clients;
      client = nodes.node(1).pod(pod);
      there = nodes.namespace("e2");
      endpoint = nodes.node(2).echo("e2", there);
      awaitServices(nodes.node(1), 1);
    }

    @AfterEach
    void leaveNothing() throws Exception {
      endpoint.destroyForcibly().onExit().join();
      nodes.node(1).http("DELETE", "/api/v1/pods/default/" + pod, "");
      for (int number = 1; number <= 2; number++) {
        nodes.node(number).netns.run("ip", "link", "set", "eth0", "mtu", "1500");
      }
      await("nothing is left")
          .atMost(Duration.ofSeconds(40))
          .until(
              () ->
                  nodes.node(1).connections().isEmpty()
                      && nodes.node(1).get("/api/v1/services").path("items").isEmpty());
    }

    @Test
    void shouldUseAKernelVxlanWhereThatIsAgreed() throws Exception {
      // Given
      NsmNodes.Node home = nodes.node(1);

      // When
      JsonNode reply = home.ask(pod, client, "uid-1", "--say", "by vxlan");

      // Then
      assertThat(reply.path("echo").asText()).isEqualTo("by vxlan");
      assertThat(client.run("ip", "-d", "-o", "link", "show", "echo"))
          .contains("mtu 1450", "vxlan id");

      // When a node that speaks for itself proposes other tunnels
      JsonNode tunnels = proposals(home, nodes.node(2));

      // Then
      assertThat(tunnels.path("GRE, MPLSoUDP").asText())
          .isEqualTo("REFUSED tunnel: GRE, MPLSoUDP (expected: VXLAN)");
      assertThat(tunnels.path("DEFAULT_TUNNEL").asText())
          .isEqualTo("REFUSED tunnel: DEFAULT_TUNNEL (expected: VXLAN)");
      assertThat(tunnels.path("none").asText()).isEqualTo("REFUSED tunnel: none (expected: VXLAN)");
      assertThat(tunnels.path("unknown").asText()).contains("type 99 (expected: VXLAN)");

      // When
      home.http("DELETE", "/api/v1/connections/" + reply.path("connection").asText(), "");

      // Then
      await("the endpoint's half is gone")
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(() -> assertThat(there.run("ip", "-br", "link")).doesNotContain("nsm"));
      assertThat(client.run("ip", "-br", "link")).doesNotContain("echo");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldGiveBothEndsOfAVxlanWhatTheSmallerUnderlayLeaves(int smaller) throws Exception {
      // Given
      NsmNodes.Node home = nodes.node(1);
      nodes.node(smaller).netns.run("ip", "link", "set", "eth0", "mtu", "1400");

      // When
      JsonNode reply = home.ask(pod, client, "uid-1", "--say", "by vxlan");

      // Then
      assertThat(reply.path("echo").asText()).isEqualTo("by vxlan");
      assertThat(client.run("ip", "-o", "link", "show", "echo")).contains("mtu 1350");
      assertThat(there.run("ip", "-o", "link", "show", "type", "vxlan")).contains("mtu 1350");
    }
  }

  /** What a node answers to calls with the other one's certificate, by tunnel types. */
  private static JsonNode proposals(NsmNodes.Node by, NsmNodes.Node to) throws Exception {
    return NsmNodes.call("tunnels", by, to, 51111);
  }

  private static void awaitServices(NsmNodes.Node node, int endpoints) {
    await("endpoints known to " + node.name)
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                assertThat(node.get("/api/v1/services").at("/items/0/endpoints"))
                    .hasSize(endpoints));
  }

  /** When the one connection of a node was up at another endpoint's node. */
  private static long healed(NsmNodes.Node client, NsmNodes.Node endpoint) {
    await("healed by " + endpoint.name)
        .atMost(Duration.ofSeconds(25))
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(
            () -> {
              JsonNode connection = client.get("/api/v1/connections").at("/items/0");
              assertThat(connection.path("endpointNode").asText()).isEqualTo(endpoint.id);
              assertThat(connection.path("state").asText()).isEqualTo("up");
            });
    return System.nanoTime();
  }

  private static long millisSince(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos).toMillis();
  }
}
