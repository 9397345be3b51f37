package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.cluster.Member;
import dev.weft.pod.PodRef;
import dev.weft.telemetry.Health;
import dev.weft.wire.WireState;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ApiIT {
  private static final String WIRE = "0123456789abcdef";

  private static final String INTERFACE =
      "1 to 15 ASCII characters without '/', ':', '%' or white space, not all or default";

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

  @Test
  void shouldDescribeThisNodeAndItsRooms() throws Exception {
    node.health.raise(
        new Health.Warning("wire", "cap-net-raw", "no CAP_NET_RAW", "wires", "grant it"));

    JsonNode self = json(get("/api/v1/node"), 200);

    assertThat(self.at("/id").asText()).isEqualTo(TestNode.ID);
    assertThat(self.at("/state").asText()).isEqualTo("degraded");
    assertThat(self.at("/startedAt").asText()).isEqualTo("2023-11-14T22:13:20Z");
    assertThat(self.at("/rooms/0/warnings/0/action").asText()).isEqualTo("grant it");
  }

  @Test
  void shouldRegisterShowAndForgetAPod() throws Exception {
    JsonNode put = json(send("PUT", "/api/v1/pods/lab/r1", "{\"netns\":\"r1\"}"), 200);
    JsonNode listed = json(get("/api/v1/pods"), 200);
    JsonNode one = json(get("/api/v1/pods/lab/r1"), 200);
    HttpResponse<String> deleted = send("DELETE", "/api/v1/pods/lab/r1", null);

    assertThat(put.at("/ref").asText()).isEqualTo("lab/r1");
    assertThat(listed.at("/items/0")).isEqualTo(put);
    assertThat(one).isEqualTo(put);
    assertThat(deleted.statusCode()).isEqualTo(204);
    problem(get("/api/v1/pods/lab/r1"), 404, "not-found", "lab/r1");
  }

  @Test
  void shouldPassOnWhatARoomRefuses() throws Exception {
    HttpResponse<String> refused = send("PUT", "/api/v1/pods/lab/r1", "{\"netns\":\"gone\"}");

    problem(refused, 400, "invalid", "netns: gone (expected: a network namespace)");
  }

  @Test
  void shouldMoveNoPodWhoseAddressIsRefused() throws Exception {
    json(send("PUT", "/api/v1/pods/lab/moved", "{\"netns\":\"here\"}"), 200);

    HttpResponse<String> refused =
        send("PUT", "/api/v1/pods/lab/moved", "{\"netns\":\"there\",\"address\":\"10.1.1.1/33\"}");

    problem(refused, 400, "invalid", "address: 10.1.1.1/33 (expected: auto)");
    assertThat(json(get("/api/v1/pods/lab/moved"), 200).at("/netns").asText()).isEqualTo("here");
  }

  @Test
  void shouldAcceptTopologiesInYamlAndJson() throws Exception {
    String yaml =
        """
        metadata: {name: r1}
        spec: {links: [{uid: 1, peer_pod: r2, local_intf: eth1, peer_intf: eth1}]}
        ---
        metadata: {name: r2}
        """;

    JsonNode applied =
        json(send("POST", "/api/v1/topologies", yaml, "application/yaml; charset=utf-8"), 200);
    JsonNode put =
        json(
            send(
                "PUT",
                "/api/v1/topologies/lab/r9",
                "{\"metadata\":{\"name\":\"r9\",\"namespace\":\"lab\"}}"),
            200);
    JsonNode one = json(get("/api/v1/topologies/default/r1"), 200);

    assertThat(applied.at("/items")).hasSize(2);
    assertThat(put.at("/topology/pod").asText()).isEqualTo("lab/r9");
    assertThat(one.at("/links/0/reason").asText()).contains("default/r2 is not registered");
    assertThat(json(get("/api/v1/topologies"), 200).at("/items")).hasSize(3);
    assertThat(send("DELETE", "/api/v1/topologies/lab/r9", null).statusCode()).isEqualTo(204);
    problem(get("/api/v1/topologies/lab/r9"), 404, "not-found", "lab/r9");
  }

  @Test
  void shouldRefuseATopologyUnderAnotherName() throws Exception {
    HttpResponse<String> refused =
        send("PUT", "/api/v1/topologies/lab/r1", "{\"metadata\":{\"name\":\"r9\"}}");

    problem(refused, 400, "invalid", "body: default/r9 (expected: one Topology, of lab/r1)");
  }

  @Test
  void shouldShowWiresWithoutNesting() throws Exception {
    node.wire(WIRE, 7, WireState.WAITING, "node n2 is not reachable");

    JsonNode wire = json(get("/api/v1/wires"), 200).at("/items/0");

    assertThat(wire).isEqualTo(json(get("/api/v1/wires/" + WIRE), 200));
    assertThat(wire)
        .isEqualTo(
            Json.mapper()
                .readTree(
                    """
                    {"id":"0123456789abcdef","ns":"default","uid":7,"kind":"grpc","mtu":1500,
                     "local":{"pod":"default/r1","intf":"eth7","address":"10.0.0.1/24",
                              "node":"00000000000000a1"},
                     "peer":{"pod":"default/r2","intf":"eth7","node":"00000000000000b2"},
                     "cut":false,"open":false,
                     "state":"waiting","reason":"node n2 is not reachable",
                     "since":"2026-01-02T03:04:05Z",
                     "sent":{"frames":1200,"bytes":1500000,"drops":0},
                     "received":{"frames":900,"bytes":90000,"drops":2}}
                    """));
  }

  @Test
  void shouldMakeAndRemoveASingleLink() throws Exception {
    HttpResponse<String> made =
        send(
            "POST",
            "/api/v1/wires",
            "{\"uid\":7,\"a\":{\"pod\":\"r1\",\"intf\":\"eth1\"},\"b\":{\"pod\":\"lab/r2\",\"intf\":\"eth1\"}}");

    JsonNode link = json(made, 201);
    String location = made.headers().firstValue("location").orElseThrow();
    assertThat(location).isEqualTo("/api/v1/wires/" + link.at("/wire").asText());
    assertThat(send("DELETE", location, null).statusCode()).isEqualTo(204);
    problem(send("DELETE", location, null), 409, "conflict", "a topology describes it");
  }

  @Test
  void shouldNameEveryFaultOfABodyByPathAndExpectation() throws Exception {
    HttpResponse<String> refused =
        send(
            "POST",
            "/api/v1/wires",
            """
            {"uid":"x","a":{"pod":"r1","intf":"abcdefghijklmnopqrstu"},"b":{"pod":"r2"},
             "mtu":70000,"kind":"gre","mut":1}
            """);

    JsonNode problem = problem(refused, 400, "invalid", "mtu: 70000 (expected: 68..65535)");
    assertThat(problem.at("/detail").asText().split("; "))
        .containsExactlyInAnyOrder(
            "uid: \"x\" (expected: 0..9007199254740991)",
            "a.intf: \"abcdefghijklmnopqrstu\" (expected: " + INTERFACE + ")",
            "b.intf: missing (expected: " + INTERFACE + ")",
            "mtu: 70000 (expected: 68..65535)",
            "kind: \"gre\" (expected: grpc, veth, vxlan, patch or macvlan)",
            "mut: not a field (expected: a, b, kind, mtu, open, uid)");
    assertThat(problem.at("/errors")).hasSize(6);
    assertThat(problem.at("/errors/0/path").asText()).isEqualTo("uid");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET    | /api/v1/wires?scope=world | 400 | scope: world (expected: node or cluster)",
        "GET    | /api/v1/wires?scop=node   | 400 | query parameter: scop (expected: scope, limit,"
            + " after)",
        "GET    | /api/v1/wires/zz          | 400 | id: zz (expected: 16 hex digits)",
        "GET    | /api/v1/events?follow=si  | 400 | follow",
        "GET    | /api/v1/pods/UPPER/r1     | 400 | pod namespace: UPPER",
        "GET    | /api/v1/nowhere           | 404 | /api/v1/nowhere",
        "GET    | /api/v2                   | 404 | /api/v2",
        "PUT    | /api/v1/wires             | 405 | method: PUT (expected: GET or POST)",
        "DELETE | /livez                    | 405 | method: DELETE (expected: GET)",
        "POST   | /                         | 405 | method: POST",
      })
  void shouldRefuseWhatTheContractDoesNotKnow(String method, String path, int status, String detail)
      throws Exception {
    HttpResponse<String> refused = send(method, path, null);

    JsonNode problem = problem(refused, status, null, detail);
    assertThat(problem.at("/instance").asText()).isEqualTo(path.replaceFirst("\\?.*", ""));
  }

  @Test
  void shouldNameThePodOfALinkThatIsNoPod() throws Exception {
    HttpResponse<String> refused =
        send(
            "POST",
            "/api/v1/wires",
            "{\"uid\":7,\"a\":{\"pod\":\"R1\",\"intf\":\"e\"},\"b\":{\"pod\":\"r2\",\"intf\":\"e\"}}");

    JsonNode problem = problem(refused, 400, "invalid", "pod name: R1 (expected: 1 to 253");
    assertThat(problem.at("/detail").asText()).doesNotContain("dev.weft");
  }

  @Test
  void shouldRefuseAnEventIdThatIsNone() throws Exception {
    HttpResponse<String> refused =
        client.send(
            request("/api/v1/events").header("last-event-id", "nine").build(),
            BodyHandlers.ofString());

    problem(refused, 400, "invalid", "Last-Event-ID: nine (expected: an event's id");
  }

  @Test
  void shouldSayWhichMethodsAreAllowed() throws Exception {
    HttpResponse<String> refused = send("PUT", "/api/v1/wires", "{}");

    assertThat(refused.headers().firstValue("allow")).hasValue("GET, POST");
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "-,none",
        "text/plain,text/plain",
        "application/x-www-form-urlencoded,application/x-www-form-urlencoded"
      })
  void shouldRefuseABodyInAnotherMediaType(String type, String named) throws Exception {
    HttpResponse<String> refused = send("PUT", "/api/v1/pods/lab/r1", "{\"netns\":\"r1\"}", type);

    problem(
        refused,
        415,
        "unsupported-media-type",
        "content-type: " + named + " (expected: application/json)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"{", "[]", "\"x\"", "''"})
  void shouldRefuseABodyThatIsNoObject(String body) throws Exception {
    problem(send("PUT", "/api/v1/pods/lab/r1", body), 400, "invalid", "");
  }

  @Test
  void shouldRefuseABodyOfMoreThan8MiB() throws Exception {
    HttpResponse<String> refused =
        send("POST", "/api/v1/topologies", "#".repeat(8 * 1024 * 1024 + 1), "application/yaml");

    problem(refused, 413, "too-large", "at most 8 MiB");
  }

  @Test
  void shouldNameMembersThatDoNotAnswer() throws Exception {
    node.members.add(
        new Member("00000000000000b2", "n2", "0.1.0", null, "x", "http://y", 1, 1700000000));
    node.wire(WIRE, 7, WireState.UP, null);

    for (String list : Set.of("wires", "pods", "nodes")) {
      JsonNode here = json(get("/api/v1/" + list), 200);
      JsonNode all = json(get("/api/v1/" + list + "?scope=cluster"), 200);

      assertThat(here.at("/unanswered")).as("%s here", list).isEmpty();
      assertThat(all.at("/unanswered/0/name").asText()).as("%s of all", list).isEqualTo("n2");
      assertThat(all.at("/unanswered/0/reason").asText()).contains("00000000000000b2");
    }
    assertThat(json(get("/api/v1/wires?scope=cluster"), 200).at("/items")).hasSize(1);
    JsonNode nodes = json(get("/api/v1/nodes?scope=cluster"), 200).at("/items");
    assertThat(nodes.at("/1/startedAt").asText()).isEqualTo("2023-11-14T22:13:20Z");
    assertThat(nodes).hasSize(2);
    assertThat(nodes.at("/1/state").asText()).isEqualTo("ready");
    assertThat(nodes.at("/0/name").asText()).as("what is not well comes first").isEqualTo("n2");
    assertThat(nodes.at("/0/state").isMissingNode()).isTrue();
  }

  @Test
  void shouldProbe() throws Exception {
    assertThat(get("/livez").body()).isEqualTo("ok\n");
    assertThat(get("/readyz").statusCode()).isEqualTo(200);

    node.health.state("wire", Health.State.FAILED);
    node.health.raise(new Health.Warning("wire", "gone", "it fell", "all wires", "lift it"));

    assertThat(get("/livez").statusCode()).isEqualTo(200);
    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    HttpResponse<String> text = get("/readyz?verbose");
    assertThat(text.statusCode()).isEqualTo(503);
    assertThat(text.body())
        .contains("wire       failed", "gone: it fell", "affects: all wires", "action:  lift it");
    HttpResponse<String> json =
        client.send(
            request("/readyz?verbose").header("accept", "application/json").build(),
            BodyHandlers.ofString());
    assertThat(json(json, 503).at("/rooms/0/state").asText()).isEqualTo("failed");
  }

  @Test
  void shouldCountRequestsInItsMetrics() throws Exception {
    get("/livez");
    get("/api/v1/wires/0000000000000000");

    assertThat(get("/metrics").body())
        .contains(
            "weft_http_requests_total{operation=\"livez\",status=\"200\"} 1.0",
            "weft_http_requests_total{operation=\"getWire\",status=\"404\"} 1.0",
            "jvm_memory_used_bytes");
  }

  @Test
  void shouldServeTheContractThatItValidatesAgainst() throws Exception {
    assertThat(get("/openapi.yaml").body()).isEqualTo(Contract.resource("openapi.yaml"));
  }

  @Test
  void shouldServeExactlyTheOperationsOfTheContract() {
    Contract contract = TestNode.await(Contract.load(node.vertx));
    Set<String> declared = new TreeSet<>();
    contract.openapi().operations().forEach(o -> declared.add(o.getOperationId()));

    Set<String> bound = new TreeSet<>();
    contract
        .openapi()
        .operations()
        .forEach(
            o -> {
              String path =
                  o.getOpenAPIPath()
                      .replace("{ns}", "lab")
                      .replace("{name}", "r1")
                      .replace("{pod}", "r1")
                      .replace("{node}", WIRE)
                      .replace("{id}", WIRE);
              try {
                int status =
                    send(
                            o.getHttpMethod().name(),
                            path + (path.endsWith("events") ? "?follow=false" : ""),
                            null)
                        .statusCode();
                // An operation without a handler would be answered with 503 by the router.
                if (status != 503 && status != 405) {
                  bound.add(o.getOperationId());
                }
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(path, e);
              }
            });

    assertThat(bound).isEqualTo(declared);
  }

  @Test
  void shouldFenceThePageItServes() throws Exception {
    HttpResponse<String> page = get("/");

    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("content-security-policy").orElse(""))
        .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
        .doesNotContain("unsafe");
    assertThat(page.headers().firstValue("x-content-type-options")).hasValue("nosniff");
    assertThat(get("/app.js").headers().firstValue("content-type").orElse(""))
        .startsWith("text/javascript");
    assertThat(get("/index.html").statusCode()).isEqualTo(404);
    assertThat(get("/../openapi.yaml").statusCode()).isNotEqualTo(500);
  }

  @Test
  void shouldListPodsOfThisNodeByName() throws Exception {
    send("PUT", "/api/v1/pods/b/r1", "{\"netns\":\"x\"}");
    send("PUT", "/api/v1/pods/a/r2", "{\"netns\":\"y\"}");

    JsonNode items = json(get("/api/v1/pods"), 200).at("/items");

    assertThat(items.findValuesAsText("ref")).containsExactly("a/r2", "b/r1");
    assertThat(node.pods).containsKey(PodRef.parse("a/r2"));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(node.url() + path));
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(request(path).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> send(String method, String path, String body)
      throws IOException, InterruptedException {
    return send(method, path, body, body == null ? null : "application/json");
  }

  private HttpResponse<String> send(String method, String path, String body, String type)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        request(path)
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (type != null) {
      request.header("content-type", type);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static JsonNode json(HttpResponse<String> response, int status) throws IOException {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
    return Json.mapper().readTree(response.body());
  }

  private static JsonNode problem(
      HttpResponse<String> response, int status, String kind, String detail) throws IOException {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("content-type")).hasValue("application/problem+json");
    JsonNode problem = Json.mapper().readTree(response.body());
    assertThat(problem.at("/status").asInt()).isEqualTo(status);
    assertThat(problem.at("/title").asText()).isNotEmpty();
    assertThat(problem.at("/detail").asText()).contains(detail);
    if (kind != null) {
      assertThat(problem.at("/type").asText()).isEqualTo("urn:weft:problem:" + kind);
    }
    return problem;
  }
}
