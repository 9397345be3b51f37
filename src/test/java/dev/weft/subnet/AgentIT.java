package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.cli.ApiClient;
import dev.weft.testkit.TestCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Agents of container runtimes and a cluster of two members. */
class AgentIT {
  @TempDir static Path directory;
  private static TestCluster cluster;

  @BeforeAll
  static void start() throws Exception {
    cluster = TestCluster.start(directory, 2);
    for (int i = 1; i <= 2; i++) {
      ApiClient api = api(i);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> api.get("/api/v1/subnets").path("items").size() == 2);
    }
  }

  @AfterAll
  static void stop() throws Exception {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void shouldLeaseOneSubnetToOneHostWhicheverMemberItAsks() {
    JsonNode first = register(1, "192.0.2.7");
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> node(2, first.path("node_id").asText()) != null);

    JsonNode again = register(2, "192.0.2.7");
    JsonNode other = register(2, "192.0.2.8");

    assertThat(again).isEqualTo(first);
    assertThat(other.path("subnet").asText())
        .matches("10\\.42\\.\\d+\\.0/24")
        .isNotEqualTo(first.path("subnet").asText());
    JsonNode listed = node(2, first.path("node_id").asText());
    assertThat(listed.path("status").asText()).isEqualTo("up");
    assertThat(listed.path("host_ip").asText()).isEqualTo("192.0.2.7");
    assertThat(listed.path("cpu_cores").asInt()).isEqualTo(8);
    assertThat(listed.path("registered_at").asLong()).isPositive();
    assertThat(listed.path("last_heartbeat").asLong())
        .isGreaterThanOrEqualTo(listed.path("registered_at").asLong());
  }

  @Test
  void shouldForgetADeregisteredNodeWhateverItStillSends() {
    JsonNode registered = register(1, "192.0.2.9");
    String id = registered.path("node_id").asText();
    post(1, id + "/heartbeat", "");

    post(1, id + "/deregister", "");

    assertThatThrownBy(() -> post(1, id + "/heartbeat", "")).hasMessageContaining(id);
    assertThatThrownBy(() -> post(1, id + "/deregister", "")).hasMessageContaining(id);
    assertThat(node(1, id)).isNull();
    assertThat(api(1).get("/api/v1/subnets").toString())
        .doesNotContain(registered.path("subnet").asText() + "\"");
  }

  @Test
  void shouldRefuseAHostWithoutAnAddress() {
    assertThatThrownBy(() -> register(1, "host.example")).hasMessageContaining("host.example");
  }

  @Test
  void shouldTakeWhatAnAgentDoesNotKnowAndNoLineOfALog() {
    String nothing = "{\"hostname\":\"%s\",\"host_ip\":\"192.0.2.77\",\"cpu_cores\":null}";
    String id = post(1, "register", nothing.formatted("h")).path("node_id").asText();

    assertThat(node(1, id).has("cpu_cores")).isFalse();
    post(1, id + "/deregister", "");
    assertThatThrownBy(() -> post(1, "register", nothing.formatted("h\\nERROR forged")))
        .hasMessageContaining("h?ERROR forged");
    assertThatThrownBy(() -> post(1, "no-such-id/heartbeat", ""))
        .hasMessageContaining("no-such-id is not registered");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"no-such-id", "12", "true", "null", "a,b", "a%20b", "%22", "%7B%7D", "a%0Ab"})
  void shouldAnswerNotFoundForAnUnknownIdWhateverItsForm(String id) {
    for (String call : List.of("/heartbeat", "/deregister")) {
      assertThatThrownBy(() -> post(1, id + call, "")).extracting("status").isEqualTo(404);
      assertThatThrownBy(() -> post(1, id + call, ""))
          .hasMessageContaining("is not registered")
          .hasMessageNotContaining("\n");
    }
  }

  @Test
  void shouldReleaseNothingOfAnAgentThatIsUpOrThatNobodyHas() {
    String id = register(1, "192.0.2.78").path("node_id").asText();

    assertThatThrownBy(() -> api(1).delete("/api/v1/subnets/" + id))
        .hasMessageContaining("is up and keeps its subnet");
    assertThatThrownBy(() -> api(1).delete("/api/v1/subnets/00000000000000aa"))
        .hasMessageContaining("00000000000000aa has no subnet");
  }

  @Test
  void shouldSayThatItLives() {
    assertThat(api(1).get("/health").path("status").asText()).isEqualTo("ok");
  }

  private static JsonNode register(int member, String address) {
    return post(
        member,
        "register",
        "{\"hostname\":\"h\",\"host_ip\":\"" + address + "\",\"cpu_cores\":8,\"ram_mb\":16384}");
  }

  private static JsonNode post(int member, String path, String body) {
    return api(member).send("POST", "/api/nodes/" + path, "application/json", body);
  }

  private static JsonNode node(int member, String id) {
    for (JsonNode node : api(member).get("/api/nodes").path("nodes")) {
      if (node.path("node_id").asText().equals(id)) {
        return node;
      }
    }
    return null;
  }

  private static ApiClient api(int member) {
    return ApiClient.of("unix:" + cluster.socket(member), null);
  }
}
