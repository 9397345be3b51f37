package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Programs that others wrote, through the proxies of two node processes: n1 has the clients, n2 the
 * servers.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC, Need.GRPC_JS, Need.CURL})
@Timeout(240)
class ProxyProcessIT {
  private static final Duration SOON = Duration.ofSeconds(40);
  private static final String SERVER = "127.0.0.1:50061";
  private static final String QUIC = "10.99.0.2:7654";
  private static final String UTP = "10.99.0.2:7655";
  private static final String PROXY = "grpc_proxy=http://yoasobi@127.0.0.1:3128";
  private static final String MESH =
      """
      mesh: { listen: [ "udp://%1$s:7654" ] }
      proxy: { forward: { port: 3128, token: yoasobi }, reverse: { utp: "%1$s:7655" } }
      """;

  @TempDir static Path directory;
  private static ProcessCluster nodes;
  private static final List<Process> servers = new ArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    nodes =
        ProcessCluster.start(directory, 2, true, n -> MESH.formatted(ProcessCluster.addressOf(n)));
    Path said = directory.resolve("server");
    servers.add(
        nodes.host(2).start(said.toFile(), "/usr/bin/python3", resource("grpc_server.py"), SERVER));
    Awaitility.await().atMost(SOON).until(() -> Files.readString(said).contains("listening"));
    reverse(SERVER);
    // The other node's UDP port: whose it is, this node knows from the mesh.
    add(QUIC, "quic");
    add(UTP, "utp");
  }

  @AfterAll
  static void stop() throws Exception {
    servers.forEach(Process::destroyForcibly);
    if (nodes != null) {
      nodes.close();
    }
  }

  private static String resource(String name) {
    return Path.of("src/test/resources/proxy", name).toAbsolutePath().toString();
  }

  private static void reverse(String target) {
    ObjectNode wanted = Json.mapper().createObjectNode().put("target", target);
    nodes.api(2).send("PUT", "/api/v1/proxy/reverse", wanted);
  }

  private static void add(String to, String transport) {
    ObjectNode wanted = Json.mapper().createObjectNode().put("to", to).put("transport", transport);
    nodes.api(1).send("POST", "/api/v1/proxy/connections", wanted);
    Awaitility.await()
        .atMost(SOON)
        .until(() -> state(to).equals("established") || state(to).equals("composed"));
  }

  private static String state(String to) {
    for (JsonNode each : nodes.api(1).get("/api/v1/proxy/connections").path("items")) {
      if (each.path("to").asText().equals(to)) {
        return each.path("state").asText();
      }
    }
    return "";
  }

  private static JsonNode client(String to, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("env", PROXY, "/usr/bin/python3", resource("grpc_client.py"), to));
    command.addAll(List.of(arguments));
    return Json.mapper().readTree(nodes.host(1).run(command.toArray(new String[0])));
  }

  @ParameterizedTest
  @ValueSource(strings = {QUIC, UTP})
  void shouldCarryTheFourKindsOfCallsOfAnUnmodifiedClient(String to) throws Exception {
    JsonNode said = client(to, "kinds");

    assertThat(said.path("unary").asText()).isEqualTo("hello");
    assertThat(said.path("client").asText()).isEqualTo(said.path("client_expected").asText());
    assertThat(said.path("server")).hasSize(3).allMatch(size -> size.asInt() == 1000);
    assertThat(said.path("duplex")).extracting(JsonNode::asText).contains("one", "two", "three");
  }

  @ParameterizedTest
  @ValueSource(strings = {QUIC, UTP})
  void shouldCarryTwoHundredConnectionsAtOnce(String to) throws Exception {
    assertThat(client(to, "many", "200").path("answered").asInt()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {QUIC, UTP})
  void shouldCarryMuchIntact(String to) throws Exception {
    assertThat(client(to, "bulk", "32").path("intact").asBoolean()).isTrue();
  }

  @Test
  void shouldCarryTheFourKindsOfCallsOfNodeJs() throws Exception {
    String said =
        nodes
            .host(1)
            .run(
                "env",
                PROXY,
                "NODE_PATH=" + Need.GRPC_JS_MODULES,
                "node",
                resource("grpc_client.js"),
                QUIC);

    assertThat(Json.mapper().readTree(said))
        .isEqualTo(
            Json.mapper()
                .readTree(
                    """
                    {"unary":"hello","client":"11 %d","server":[1000,1000,1000],
                     "duplex":["one","two","three"]}
                    """
                        .formatted(crc("onetwothree"))));
  }

  private static long crc(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.US_ASCII));
    return crc.getValue();
  }

  /** What curl prints: the body, or the status of a CONNECT that was refused. */
  private static String curl(int node, String token, String url) throws Exception {
    return nodes
        .host(node)
        .run(
            "sh",
            "-c",
            "curl -s -m 30 -p -x http://%s@127.0.0.1:3128 -w '%%{http_connect}' %s || true"
                .formatted(token, url));
  }

  @Test
  void shouldLetCurlThroughToAnotherServerOnceThatIsTheTarget() throws Exception {
    Path files = Files.createDirectory(directory.resolve("www"));
    Files.writeString(files.resolve("hello"), "hello from n2 ");
    Process http =
        nodes
            .host(2)
            .start(
                directory.resolve("http").toFile(),
                "/usr/bin/python3",
                "-m",
                "http.server",
                "--bind",
                "127.0.0.1",
                "--directory",
                files.toString(),
                "50062");
    try {
      nodes
          .host(2)
          .run(
              "curl",
              "-s",
              "--retry-connrefused",
              "--retry",
              "30",
              "--retry-delay",
              "1",
              "http://127.0.0.1:50062");
      reverse("127.0.0.1:50062");
      for (String to : List.of(QUIC, UTP)) {
        assertThat(curl(1, "yoasobi", "http://" + to + "/hello")).isEqualTo("hello from n2 200");
      }
    } finally {
      reverse(SERVER);
      http.destroyForcibly();
    }
  }

  @Test
  void shouldRefuseWrongTokensAndWhatWasNotAdded() throws Exception {
    assertThat(curl(1, "yoasobj", "http://" + QUIC + "/")).isEqualTo("407");
    assertThat(curl(1, "yoasobi", "http://127.0.0.1:3128/")).isEqualTo("403");
    assertThat(curl(1, "yoasobi", "http://10.99.0.1:7654/")).isEqualTo("403");
  }

  /** n1 added n2, and not the other way round. */
  @Test
  void shouldCarryInOneDirectionUntilTheOtherIsAddedToo() throws Exception {
    assertThat(curl(2, "yoasobi", "http://10.99.0.1:7654/")).isEqualTo("403");
    assertThat(curl(2, "yoasobi", "http://n1.weft/")).isEqualTo("403");
  }

  @Test
  void shouldStopWithStreamsOpenAndStartAgain() throws Exception {
    Path said = directory.resolve("beat");
    Process beating =
        nodes
            .host(1)
            .start(
                said.toFile(),
                "env",
                PROXY,
                "/usr/bin/python3",
                resource("grpc_client.py"),
                QUIC,
                "beat",
                "50");
    Awaitility.await().atMost(SOON).until(() -> Files.readString(said).contains("beating"));

    nodes.api(1).delete("/api/v1/proxy/forward");

    assertThat(beating.waitFor(40, TimeUnit.SECONDS)).isTrue();
    assertThat(beating.exitValue()).isNotZero();
    JsonNode stopped = nodes.api(1).get("/api/v1/proxy").path("forward");
    assertThat(stopped.path("state").asText()).isEqualTo("off");
    assertThat(stopped.path("udp")).isEmpty();
    assertThat(state(QUIC)).isEqualTo("new");
    assertThat(nodes.host(1).run("ss", "-lntu")).doesNotContain(":3128");

    nodes.api(1).send("PUT", "/api/v1/proxy/forward", Json.mapper().createObjectNode());
    add(QUIC, "quic");
    add(UTP, "utp");
    assertThat(client(QUIC, "kinds").path("unary").asText()).isEqualTo("hello");
  }
}
