package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.cluster.Member;
import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.NetworkService;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract that all lists of the API have in common. */
final class ListIT {
  private final HttpClient client = HttpClient.newHttpClient();
  private TestNode node;

  @BeforeEach
  void start() {
    node = new TestNode().start();
  }

  @AfterEach
  void close() {
    node.close();
  }

  static Stream<String> lists() throws IOException {
    JsonNode described = Json.mapper().readTree(Contract.resource("lists.json"));
    return Stream.concat(
        Stream.of("/api/v1/topologies"), described.findValuesAsText("path").stream());
  }

  @ParameterizedTest
  @MethodSource("lists")
  void shouldTakeScopeLimitAndAfter(String list) throws Exception {
    for (String scope : List.of("node", "cluster")) {
      JsonNode answer = json(list + "?limit=1&after=zzz&scope=" + scope);

      assertThat(answer.path("items")).isEmpty();
      assertThat(answer.path("unanswered")).isEmpty();
      assertThat(answer.has("next")).isFalse();
      assertThat(answer.path("total").isInt()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "limit=0,limit: 0 (expected: 1..1000)",
    "limit=1001,limit: 1001 (expected: 1..1000)",
    "limit=many,limit: many (expected: 1..1000)",
    "after=,after:  (expected: next of the answer before)",
    "scope=all,scope: all (expected: node or cluster)"
  })
  void shouldRefuseWhatIsOutOfBounds(String query, String detail) throws Exception {
    for (String list : lists().toList()) {
      var refused = get(list + "?" + query);

      assertThat(refused.statusCode()).as(list).isEqualTo(400);
      assertThat(Json.mapper().readTree(refused.body()).path("detail").asText()).contains(detail);
    }
  }

  @ParameterizedTest
  @CsvSource({"node", "cluster"})
  void shouldGivePartsThatMakeTheWhole(String scope) throws Exception {
    IntStream.range(0, 25)
        .mapToObj(i -> PodRef.parse("p" + i))
        .forEach(p -> node.pods.put(p, new Pod(p, TestNode.ID, "/run/netns/x", 1, 1, null)));

    List<String> whole = json("/api/v1/pods?scope=" + scope).path("items").findValuesAsText("ref");
    List<String> parts = new ArrayList<>();
    String next = null;
    do {
      String after =
          next == null ? "" : "&after=" + URLEncoder.encode(next, StandardCharsets.UTF_8);
      JsonNode part = json("/api/v1/pods?limit=10&scope=" + scope + after);
      parts.addAll(part.path("items").findValuesAsText("ref"));
      assertThat(part.path("total").asInt()).isEqualTo(25);
      next = part.path("next").asText(null);
    } while (next != null);

    assertThat(whole).hasSize(25);
    assertThat(parts).isEqualTo(whole);
  }

  @Test
  void shouldNotCountConnectionsOfANodeThatDoesNotAnswer() throws Exception {
    String silent = "00000000000000b2";
    node.members.add(new Member(silent, "n2", "0.1.0", null, "127.0.0.1:1", "http://x", 1, 1));
    node.services.add(
        new NetworkService(
            "echo",
            List.of(
                new Endpoint(TestNode.ID, "default", "e1", "echo", List.of()),
                new Endpoint(silent, "", "e2", "echo", List.of()))));

    JsonNode answer = json("/api/v1/services?scope=cluster");

    JsonNode endpoints = answer.at("/items/0/endpoints");
    assertThat(answer.at("/unanswered/0/node").asText()).isEqualTo(silent);
    assertThat(endpoints.at("/0/connections").isInt()).isTrue();
    assertThat(endpoints.at("/1").has("connections")).isFalse();
  }

  @Test
  void shouldGiveTheWorstFirstAndCountByState() throws Exception {
    node.connection("00000000000000c1", ConnectionState.UP, null);
    node.connection("00000000000000c2", ConnectionState.HEALING, "e1 is gone");
    node.connection("00000000000000c3", ConnectionState.UP, null);

    JsonNode answer = json("/api/v1/connections?scope=cluster&limit=2");

    assertThat(answer.path("items").findValuesAsText("id"))
        .containsExactly("00000000000000c2", "00000000000000c1");
    assertThat(Json.mapper().convertValue(answer.path("states"), Object.class))
        .isEqualTo(Map.of("healing", 1, "up", 2));
  }

  private JsonNode json(String path) throws Exception {
    var answer = get(path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Json.mapper().readTree(answer.body());
  }

  private java.net.http.HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(node.url() + path)).build(), BodyHandlers.ofString());
  }
}
