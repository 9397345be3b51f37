package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import dev.weft.testkit.GrpcPrograms;
import dev.weft.testkit.LabNodes;
import dev.weft.testkit.NatKind;
import dev.weft.testkit.NatRouter;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.NodeProcess;
import dev.weft.testkit.PathHistory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A gRPC server in Python behind one NAT, with nothing but a reverse proxy before it, and clients
 * behind another, with nothing but {@code grpc_proxy}.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.CONNTRACK, Need.PYTHON_GRPC})
class NatProxyIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String SERVER = "127.0.0.1:50061";
  private static final String PROXY = "http://yoasobi@127.0.0.1:3128";
  private static final int UTP_FORWARD = 7001;
  private static final int UTP_REVERSE = 7002;
  private static final int MEGABYTES = 128;

  @TempDir static Path directory;
  private static LabNodes nodes;
  private static NatRouter routerA;
  private static NatRouter routerB;
  private static NodeProcess a;
  private static NodeProcess b;
  private static GrpcPrograms programs;

  @BeforeAll
  static void start() throws Exception {
    programs = new GrpcPrograms(directory);
    nodes = LabNodes.start(directory, 2, "");
    routerA = nodes.lab().router(NatKind.PORT_RESTRICTED);
    routerB = nodes.lab().router(NatKind.PORT_RESTRICTED);
    String forward = "forward: { token: yoasobi, utp: '0.0.0.0:%d' }".formatted(UTP_FORWARD);
    String reverse = "reverse: { target: '%s', utp: '0.0.0.0:%d' }".formatted(SERVER, UTP_REVERSE);
    a = nodes.behind("a", routerA.host("a"), "udp", "proxy: { %s }".formatted(forward));
    b =
        nodes.behind(
            "b", routerB.host("b"), "udp", "proxy: { %s, %s }".formatted(forward, reverse));
    a.start();
    b.start();
    programs.serve(b.host(), SERVER);
    a.awaitReady();
    b.awaitReady();
    for (String transport : List.of("quic", "utp")) {
      add(b, "reverse", outside(a, transport), a.id(), transport);
      add(a, "forward", outside(b, transport), b.id(), transport);
    }
  }

  @AfterAll
  static void end() throws Exception {
    programs.close();
    nodes.close();
  }

  /** Where a node's NAT takes datagrams for it; a port-restricted one keeps the port. */
  private static String outside(NodeProcess node, String transport) {
    NatRouter router = node == a ? routerA : routerB;
    if (transport.equals("utp")) {
      return router.outside() + ":" + (node == a ? UTP_FORWARD : UTP_REVERSE);
    }
    JsonNode[] seen = new JsonNode[1];
    await("public address of " + node.name())
        .atMost(SOON)
        .until(
            () -> {
              seen[0] = node.api().get("/api/v1/netcheck").path("publicAddresses").path(0);
              return seen[0].isTextual();
            });
    return seen[0].asText();
  }

  private static void add(NodeProcess at, String side, String to, String node, String transport) {
    ObjectNode connection = Json.mapper().createObjectNode();
    connection.put("to", to).put("side", side).put("node", node).put("nat", true);
    connection.put("transport", transport);
    at.api().send("POST", "/api/v1/proxy/connections", connection);
  }

  private static JsonNode call(String transport, String... what) throws Exception {
    return programs.call(a.host(), PROXY, outside(b, transport), what);
  }

  @ParameterizedTest
  @ValueSource(strings = {"quic", "utp"})
  void shouldCarryTheFourKindsOfCalls(String transport) throws Exception {
    assertAnswered(call(transport, "kinds"));
  }

  private static void assertAnswered(JsonNode answers) {
    assertThat(answers.path("unary").asText()).isEqualTo("hello");
    // Length and CRC-32 of "onetwothree".
    assertThat(answers.path("client").asText()).isEqualTo("11 165789842");
    assertThat(answers.path("server").toString()).isEqualTo("[1000,1000,1000]");
    assertThat(answers.path("duplex").toString()).isEqualTo("[\"one\",\"two\",\"three\"]");
  }

  @Test
  void shouldKeepACallThatRunsWhileItsPathChanges() throws Exception {
    awaitPath(true);
    GrpcPrograms.Beat beat = programs.beat(a.host(), PROXY, outside(b, "quic"), 10);

    routerA.block(routerB.outside());
    awaitPath(false);
    routerA.mend();
    awaitPath(true);

    JsonNode result = beat.end();
    assertThat(result.path("received")).isEqualTo(result.path("sent"));
    String to = "forward proxy to " + outside(b, "quic");
    await("both changes are events of the proxy's too")
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(a.log())
                    .containsPattern(to + ": mesh.* \\(before: punched\\)")
                    .containsPattern(to + ": punched \\(before: mesh"));
    assertThat(a.log()).doesNotContain(to + " lost: the connection was lost");
    System.out.printf(
        "a call whose path changes to the mesh and back: longest gap %d ms%n",
        result.path("longest_gap_millis").asInt());
  }

  /** Over uTP there is no other way: what runs over it is reset, and punched again. */
  @Test
  void shouldTellALossResetWhatRunsOverItAndPunchAgain() throws Exception {
    String to = outside(b, "utp");
    await("uTP").atMost(SOON).until(() -> standing(to));
    GrpcPrograms.Beat beat = programs.beat(a.host(), PROXY, to, 50);
    int ups = a.log().split("forward proxy to " + to + ": punched", -1).length;

    routerA.block(routerB.outside());
    await("the loss is an event, with its reason and what was reset")
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(a.log())
                    .containsPattern(
                        "forward proxy to "
                            + to
                            + " lost: no answer for [0-9]+ s while it was in use; 1 streams"));
    assertThatThrownBy(beat::end).hasMessageContaining("beats");
    routerA.mend();
    long mended = System.nanoTime();

    await("punched again")
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> standing(to));
    System.out.printf(
        "uTP, a path that was lost and is there again: punched after %d ms%n",
        Duration.ofNanos(System.nanoTime() - mended).toMillis());
    assertThat(a.log().split("forward proxy to " + to + ": punched", -1)).hasSizeGreaterThan(ups);
    assertAnswered(call("utp", "kinds"));
  }

  private static boolean standing(String to) {
    for (JsonNode row : a.api().get("/api/v1/proxy/connections").path("items")) {
      if (row.path("to").asText().equals(to)) {
        return List.of("established", "composed").contains(row.path("state").asText());
      }
    }
    return false;
  }

  private static void awaitPath(boolean direct) {
    await(direct ? "a path by UDP" : "the path through the mesh")
        .atMost(SOON)
        .until(
            () ->
                PathHistory.of(a, b).isDirect() == direct
                    && PathHistory.of(b, a).isDirect() == direct);
  }

  @ParameterizedTest
  @ValueSource(strings = {"quic", "utp"})
  void shouldCarryMuchBothWays(String transport) throws Exception {
    carry(transport, MEGABYTES);
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(strings = {"quic", "utp"})
  void shouldCarryAGigabyteBothWays(String transport) throws Exception {
    carry(transport, 1024);
  }

  private static void carry(String transport, int megabytes) throws Exception {
    JsonNode result = call(transport, "bulk", Integer.toString(megabytes));

    assertThat(result.path("intact").asBoolean()).isTrue();
    System.out.printf(
        "gRPC through both proxies and NATs, %s: %d MB there in %.1f s, back in %.1f s%n",
        transport,
        megabytes,
        result.path("there_seconds").asDouble(),
        result.path("back_seconds").asDouble());
  }

  @ParameterizedTest
  @ValueSource(strings = {"quic", "utp"})
  void shouldHaveTwoHundredConnectionsAtOnce(String transport) throws Exception {
    JsonNode result = call(transport, "many", "200");

    assertThat(result.path("answered").asInt()).isEqualTo(400);
  }

  @Test
  void shouldRefuseCallsTheOtherWay() {
    assertThatThrownBy(() -> programs.call(b.host(), PROXY, outside(a, "quic"), "kinds"))
        .hasMessageContaining("403");
  }

  @Test
  void shouldRefuseAWrongToken() {
    String wrong = PROXY.replace("yoasobi", "lamer");

    assertThatThrownBy(() -> programs.call(a.host(), wrong, outside(b, "quic"), "kinds"))
        .hasMessageContaining("407");
  }
}
