package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The proxies over HTTP. */
final class ProxyIT {
  private static final String PROXY = "/api/v1/proxy";
  private static final String CONNECTIONS = PROXY + "/connections";

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

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(node.url() + path));
    if (body == null) {
      request.method(method, BodyPublishers.noBody());
    } else {
      request.method(method, BodyPublishers.ofString(body));
      request.header("Content-Type", "application/json");
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private JsonNode json(String method, String path, String body) throws Exception {
    return Json.mapper().readTree(send(method, path, body).body());
  }

  @Test
  void shouldStartAndStopTheForwardProxyAndTellItsPorts() throws Exception {
    assertThat(json("GET", PROXY, null).at("/forward/state").asText()).isEqualTo("off");

    JsonNode started = json("PUT", PROXY + "/forward", "{\"port\":0,\"token\":\"yoasobi\"}");

    assertThat(started)
        .isEqualTo(
            Json.mapper()
                .readTree(
                    """
                    {"node":"00000000000000a1","transport":"quic",
                     "forward":{"state":"up","listen":"127.0.0.1:0","members":false,
                       "udp":{"utp":40000},
                       "streams":{"open":1,"made":3,"failed":2,"sentBytes":100,
                         "receivedBytes":2000}},
                     "reverse":{"state":"off","allow":[],"udp":{"quic":0},
                       "streams":{"open":1,"made":3,"failed":2,"sentBytes":100,
                         "receivedBytes":2000}}}
                    """));
    assertThat(json("DELETE", PROXY + "/forward", null).at("/forward/state").asText())
        .isEqualTo("off");
  }

  @Test
  void shouldNotStartTheForwardProxyWithoutAToken() throws Exception {
    assertThat(send("PUT", PROXY + "/forward", "{}").statusCode()).isEqualTo(412);
  }

  @Test
  void shouldStartAndStopTheReverseProxy() throws Exception {
    JsonNode started =
        json(
            "PUT",
            PROXY + "/reverse",
            "{\"target\":\"127.0.0.1:50051\",\"allow\":[\"00000000000000b2\"]}");

    assertThat(started.at("/reverse/target").asText()).isEqualTo("127.0.0.1:50051");
    assertThat(started.at("/reverse/allow/0").asText()).isEqualTo("00000000000000b2");
    assertThat(json("DELETE", PROXY + "/reverse", null).at("/reverse/state").asText())
        .isEqualTo("off");
  }

  @Test
  void shouldAddListAndRemoveConnections() throws Exception {
    HttpResponse<String> added =
        send(
            "POST", CONNECTIONS, "{\"to\":\"203.0.113.7:7654\",\"nat\":true,\"side\":\"reverse\"}");

    assertThat(added.statusCode()).isEqualTo(201);
    JsonNode row = json("GET", CONNECTIONS + "?scope=cluster", null).at("/items/0");
    assertThat(row)
        .isEqualTo(Json.mapper().readTree(added.body()))
        .isEqualTo(
            Json.mapper()
                .readTree(
                    """
                    {"node":"00000000000000a1","side":"reverse","to":"203.0.113.7:7654",
                     "kind":"nat","transport":"quic","origin":"created","state":"new",
                     "streams":0,"timeoutMillis":20000}
                    """));
    String it = CONNECTIONS + "?to=203.0.113.7%3A7654";
    assertThat(send("DELETE", it, null).statusCode()).isEqualTo(404);
    assertThat(send("DELETE", it + "&side=reverse", null).statusCode()).isEqualTo(204);
    assertThat(json("GET", CONNECTIONS, null).path("items")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PUT|/forward|{\"port\":65536}",
        "PUT|/forward|{\"token\":\"\"}",
        "PUT|/forward|{\"tokens\":\"x\"}",
        "PUT|/reverse|{}",
        "PUT|/reverse|{\"target\":\"h:1\",\"allow\":[\"n1\"]}",
        "POST|/connections|{}",
        "POST|/connections|{\"to\":\"h:1\",\"side\":\"both\"}",
        "POST|/connections|{\"to\":\"h:1\",\"transport\":\"tcp\"}",
        "POST|/connections|{\"to\":\"h:1\",\"timeoutMillis\":1}",
        "POST|/connections|{\"to\":\"h:1\",\"node\":\"n1\"}",
        "DELETE|/connections|",
      })
  void shouldRefuseWhatDoesNotFitTheContract(String method, String path, String body)
      throws Exception {
    assertThat(send(method, PROXY + path, body).statusCode()).isEqualTo(400);
  }
}
