package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.mesh.Mesh;
import dev.weft.mesh.MeshHop;
import dev.weft.mesh.OffMesh;
import dev.weft.mesh.peer.MeshPeer;
import dev.weft.mesh.peer.MeshService;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The mesh over HTTP. */
final class MeshIT {
  private static final String PEER = "00000000000000b2";
  private static final String FAR = "00000000000000c3";
  private static final String PING = "/api/v1/mesh/ping/";

  private final HttpClient client = HttpClient.newHttpClient();
  private final MemoryMesh mesh = new MemoryMesh();
  @TempDir Path directory;
  private TestNode node;

  @AfterEach
  void close() {
    node.close();
  }

  @Test
  void shouldShowALinkWithItsTwoNodesAndNothingThatIsNotKnown() throws Exception {
    start(mesh.up("udp-b2", PEER, 412L).connecting("edge", "connection refused"));

    JsonNode answer = get("/api/v1/mesh/links");

    assertThat(answer.path("items"))
        .isEqualTo(
            Json.mapper()
                .readTree(
                    """
                    [{"node":"00000000000000a1","id":"edge","kind":"exec",
                      "remote":"ssh edge weft link-stdio","origin":"configured","proof":"none",
                      "state":"connecting","reason":"connection refused",
                      "sent":{"frames":0,"bytes":0},"received":{"frames":0,"bytes":0},
                      "dropped":0,"since":"2026-01-02T03:04:05Z"},
                     {"node":"00000000000000a1","id":"udp-b2","kind":"udp",
                      "peer":"00000000000000b2","remote":"192.0.2.2:7654","origin":"member",
                      "proof":"certificate","seenFrom":"198.51.100.7:40001",
                      "state":"up","rttMicros":412,
                      "sent":{"frames":1200,"bytes":1500000},
                      "received":{"frames":900,"bytes":90000},
                      "dropped":2,"since":"2026-01-02T03:04:05Z"}]
                    """));
    assertThat(Json.mapper().convertValue(answer.path("states"), Object.class))
        .isEqualTo(Map.of("connecting", 1, "up", 1));
  }

  @Test
  void shouldListBothEndsOfALinkThoughTheyHaveOneId() {
    start(mesh.up("udp-1", PEER, 412L));
    TreeMap<String, ListRows> parts = new TreeMap<>();
    for (String member : List.of(TestNode.ID, PEER)) {
      Listing<?> links = new RoomLists(node.bus, member).all().get("mesh/links");
      parts.put(member, TestNode.await(links.rows(null, 10)));
    }

    ListRows merged = ListRows.merged(parts, (first, second) -> first, 10);

    assertThat(merged.items())
        .extracting(l -> l.path("node").asText())
        .containsExactly(TestNode.ID, PEER);
    assertThat(merged.total()).isEqualTo(2);
  }

  @Test
  void shouldShowRoutesByDestination() throws Exception {
    start(mesh.route("udp-b2", null, PEER, FAR).route("udp-b2", 412L, PEER));

    JsonNode items = get("/api/v1/mesh/routes").path("items");

    assertThat(items.findValuesAsText("destination")).containsExactly(PEER, FAR);
    assertThat(items.at("/1"))
        .isEqualTo(
            Json.mapper()
                .readTree(
                    """
                    {"node":"00000000000000a1","destination":"00000000000000c3",
                     "via":"00000000000000b2","link":"udp-b2",
                     "hops":["00000000000000b2","00000000000000c3"]}
                    """));
  }

  @Test
  void shouldShowTheHopsToANode() throws Exception {
    start(mesh);
    mesh.way = to -> List.of(new MeshHop(1, PEER, 412), new MeshHop(2, to, 893));

    HttpResponse<String> answer = post(PING + FAR, null);

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(Json.mapper().readTree(answer.body()))
        .isEqualTo(
            Json.mapper()
                .readTree(
                    """
                    {"node":"00000000000000c3",
                     "hops":[{"hop":1,"node":"00000000000000b2","rttMicros":412},
                             {"hop":2,"node":"00000000000000c3","rttMicros":893}]}
                    """));
  }

  @ParameterizedTest
  @CsvSource({
    "NOT_FOUND,404,urn:weft:problem:not-found",
    "TIMEOUT,504,urn:weft:problem:timeout",
  })
  void shouldPassOnWhyANodeWasNotReached(Fault fault, int status, String type) throws Exception {
    start(mesh);
    mesh.way =
        to -> {
          throw refusal(fault, to);
        };

    HttpResponse<String> answer = post(PING + FAR, null);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(Json.mapper().readTree(answer.body()).path("type").asText()).isEqualTo(type);
    assertThat(answer.body()).contains("node " + FAR + ": not there");
  }

  @ParameterizedTest
  @CsvSource({"n2", "00000000000000B2", "b2", "00000000000000b2f"})
  void shouldRefuseWhatIsNoNodeId(String id) throws Exception {
    start(mesh);

    HttpResponse<String> answer = post(PING + id, null);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("node: " + id + " (expected: a node id, 16 hex digits)");
  }

  @Test
  void shouldShowPeersAndWhatTheyExport() throws Exception {
    start(mesh);
    mesh.peers.add(
        new MeshPeer(
            FAR,
            "up",
            "",
            true,
            PEER,
            "udp 192.0.2.7:7654",
            893L,
            2,
            List.of("web"),
            1_767_323_045_000L));
    mesh.peers.add(
        new MeshPeer(
            PEER, "down", "no route", false, "", "", null, 0, List.of(), 1_767_323_045_000L));
    mesh.services.add(new MeshService("web", List.of(FAR)));

    assertThat(get("/api/v1/mesh/peers").path("items"))
        .isEqualTo(
            Json.mapper()
                .readTree(
                    """
                    [{"node":"00000000000000a1","peer":"00000000000000b2","state":"down",
                      "reason":"no route","accepted":false,"streams":0,"services":[],
                      "since":"2026-01-02T03:04:05Z"},
                     {"node":"00000000000000a1","peer":"00000000000000c3","state":"up",
                      "accepted":true,"via":"00000000000000b2",
                      "path":"udp 192.0.2.7:7654","rttMicros":893,"streams":2,
                      "services":["web"],"since":"2026-01-02T03:04:05Z"}]
                    """));
    assertThat(get("/api/v1/mesh/services?scope=cluster").path("items"))
        .isEqualTo(
            Json.mapper()
                .readTree(
                    """
                    [{"name":"web","nodes":["00000000000000c3"]}]
                    """));
  }

  @Test
  void shouldExportAServerUntilItIsWithdrawn() throws Exception {
    start(mesh);
    String wanted =
        """
        {"name":"a/b","target":"tcp://127.0.0.1:80","allow":["00000000000000c3"]}
        """;

    HttpResponse<String> made = send("POST", "/api/v1/mesh/exports", wanted);

    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    assertThat(Json.mapper().readTree(made.body()))
        .isEqualTo(
            Json.mapper()
                .readTree(
                    """
                    {"node":"00000000000000a1","name":"a/b","target":"tcp://127.0.0.1:80",
                     "allow":["00000000000000c3"],"origin":"created","state":"up",
                     "connections":{"open":0,"made":0,"failed":0,"sentBytes":0,"receivedBytes":0}}
                    """));
    assertThat(get("/api/v1/mesh/exports").path("items").get(0))
        .isEqualTo(Json.mapper().readTree(made.body()));
    assertThat(send("POST", "/api/v1/mesh/exports", wanted).statusCode()).isEqualTo(409);
    String it = "/api/v1/mesh/exports/a%2Fb";
    assertThat(send("DELETE", it, null).statusCode()).isEqualTo(204);
    assertThat(send("DELETE", it, null).statusCode()).isEqualTo(404);
    assertThat(get("/api/v1/mesh/exports").path("items")).isEmpty();
  }

  @Test
  void shouldOpenAServiceUntilItIsClosed() throws Exception {
    start(mesh);

    HttpResponse<String> made =
        send(
            "POST", "/api/v1/mesh/forwards", "{\"listen\":\"127.0.0.1:9000\",\"service\":\"web\"}");

    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    assertThat(get("/api/v1/mesh/forwards").path("items").get(0))
        .isEqualTo(
            Json.mapper()
                .readTree(
                    """
                    {"node":"00000000000000a1","listen":"127.0.0.1:9000","to":"any",
                     "service":"web","origin":"created","state":"up",
                     "connections":{"open":0,"made":0,"failed":0,"sentBytes":0,"receivedBytes":0}}
                    """));
    String it = "/api/v1/mesh/forwards?listen=127.0.0.1:9000";
    assertThat(send("DELETE", it, null).statusCode()).isEqualTo(204);
    assertThat(send("DELETE", it, null).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "exports | {\"name\":\"a b\",\"target\":\"tcp://h:1\"} | name: a b (expected: 1 to 255"
            + " characters, no spaces)",
        "exports | {\"name\":\"a\",\"target\":\"h\"} | target: h (expected: tcp://host:port or"
            + " unix:PATH)",
        "exports | {\"name\":\"a\",\"target\":\"h:1\",\"allow\":[\"n1\"]} | allow",
        "forwards | {\"listen\":\"h:1\",\"service\":\"a\"} | listen: h:1 (expected: address:port"
            + " or unix:PATH)",
        "forwards | {\"listen\":\"127.0.0.1:1\",\"service\":\"a\",\"node\":\"-\"} | node: -"
            + " (expected: any, a node id or a node's name)",
        "forwards | {\"listen\":\"127.0.0.1:1\"} | service",
      })
  void shouldSayWhatIsWrongWithARequest(String list, String body, String detail) throws Exception {
    start(mesh);

    HttpResponse<String> answer = send("POST", "/api/v1/mesh/" + list, body);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(Json.mapper().readTree(answer.body()).path("detail").asText()).contains(detail);
  }

  @Test
  void shouldRefuseANameOf256Characters() throws Exception {
    start(mesh);
    String name = "x".repeat(256);

    assertThat(
            send("POST", "/api/v1/mesh/exports", "{\"name\":\"" + name + "\",\"target\":\"h:1\"}")
                .statusCode())
        .isEqualTo(400);
  }

  @Test
  void shouldAnswerWithoutAMesh() throws Exception {
    start(new OffMesh());

    for (String list : List.of("links", "routes", "peers", "services", "exports", "forwards")) {
      JsonNode answer = get("/api/v1/mesh/" + list + "?scope=cluster");
      assertThat(answer.path("items")).as(list).isEmpty();
      assertThat(answer.path("unanswered")).as(list).isEmpty();
    }
    assertThat(
            send(
                    "POST",
                    "/api/v1/mesh/forwards",
                    "{\"listen\":\"127.0.0.1:1\",\"service\":\"web\"}")
                .statusCode())
        .isEqualTo(412);
    HttpResponse<String> answer = post(PING + FAR, null);
    assertThat(answer.statusCode()).isEqualTo(412);
    assertThat(answer.body())
        .contains("mesh: off (expected: mesh.listen or mesh.links in the configuration)");
  }

  /** A ping makes nodes send frames, so it is not for those who may only look. */
  @Test
  void shouldLetAReaderLookButNotPing() throws Exception {
    Path admin = Files.writeString(directory.resolve("admin"), "s3cret\n");
    Path reader = Files.writeString(directory.resolve("reader"), "l00k\n");
    node = new TestNode(mesh);
    node.start(0, "", admin, reader);

    HttpResponse<String> looked =
        client.send(
            request("/api/v1/mesh/links").header("authorization", "Bearer l00k").build(),
            BodyHandlers.ofString());

    assertThat(looked.statusCode()).isEqualTo(200);
    assertThat(post(PING + FAR, "Bearer l00k").statusCode()).isEqualTo(403);
    assertThat(post(PING + FAR, "Bearer s3cret").statusCode()).isEqualTo(404);
  }

  private static WeftException refusal(Fault fault, String to) {
    return fault.because("node " + to + ": not there");
  }

  private void start(Mesh served) {
    node = new TestNode(served).start();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(node.url() + path));
  }

  private JsonNode get(String path) throws Exception {
    HttpResponse<String> answer = client.send(request(path).build(), BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Json.mapper().readTree(answer.body());
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    HttpRequest.Builder request =
        request(path)
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    return client.send(
        request.header("content-type", "application/json").build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String authorization) throws Exception {
    HttpRequest.Builder request = request(path).POST(BodyPublishers.noBody());
    Optional.ofNullable(authorization).ifPresent(a -> request.header("authorization", a));
    return client.send(request.build(), BodyHandlers.ofString());
  }
}
