package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.awaitility.Durations.ONE_MILLISECOND;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Fact;
import dev.weft.bus.Json;
import dev.weft.cluster.Member;
import dev.weft.telemetry.EventLog;
import dev.weft.telemetry.Health;
import dev.weft.wire.WireChanged;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
final class EventStreamIT {
  private final HttpClient client = HttpClient.newHttpClient();
  private final MemoryMesh mesh = new MemoryMesh();
  private TestNode node;

  @BeforeEach
  void start() {
    node = new TestNode(mesh).start();
  }

  @AfterEach
  void close() {
    node.close();
  }

  @Test
  void shouldGiveWhatIsKeptAndEnd() throws Exception {
    happen(new WireChanged("0123456789abcdef", "r1-r2", WireState.WAITING, "no peer"));
    happen("r1", 1);

    String stream = get("?follow=false", null);

    assertThat(stream).startsWith("retry: 2000\n\nid: 3-1\nevent: WireChanged\ndata: {");
    List<JsonNode> events = events(stream);
    assertThat(events).hasSize(2);
    assertThat(events.get(0).at("/text").asText()).endsWith("waiting: no peer");
    assertThat(events.get(0).at("/severity").asText()).isEqualTo("info");
    assertThat(events.get(0).at("/data/state").asText()).isEqualTo("waiting");
    assertThat(events.get(1).at("/id").asText()).isEqualTo("3-2");
  }

  @Test
  void shouldResumeAfterTheLastEventThatTheReaderHas() throws Exception {
    happen("r1", 5);

    assertThat(ids(get("?follow=false", "3-3"))).containsExactly("3-4", "3-5");
    assertThat(ids(get("?follow=false&since=3-4", null))).containsExactly("3-5");
    assertThat(ids(get("?follow=false&since=3-1", "3-5"))).isEmpty();
  }

  @Test
  void shouldGiveWhatIsNotOlderThanAskedFor() throws Exception {
    happen("r1", 2);

    assertThat(ids(get("?follow=false&since=2h", null))).containsExactly("3-1", "3-2");
    assertThat(ids(get("?follow=false&since=0s", null))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"2-900", "3-900"})
  void shouldTellAReaderOfAnEarlierStartThatItMissedSome(String id) throws Exception {
    happen("r1", 2);

    String stream = get("?follow=false", id);

    assertThat(stream)
        .contains("event: gap\ndata: {\"missed\":0,\"reason\":\"the node was started");
    assertThat(ids(stream)).containsExactly("3-1", "3-2");
  }

  @Test
  void shouldGiveOnlyTheKindsAskedFor() throws Exception {
    happen("r1", 1);
    happen(new WireChanged("0123456789abcdef", "r1-r2", WireState.UP, null));
    happen("r1", 1);

    assertThat(ids(get("?follow=false&kind=WireChanged,PodChanged", null))).containsExactly("3-2");
  }

  @Test
  void shouldTellHowManyEventsFellOutOfTheRing() throws Exception {
    for (int i = 0; i < EventLog.CAPACITY + 10; i++) {
      node.bus.publish(new TestNode.Happened("r1", "it happened"));
    }
    await().atMost(TestNode.SOON).until(() -> last() == EventLog.CAPACITY + 10);

    String stream = get("?follow=false", "3-4");

    assertThat(stream).contains("event: gap\ndata: {\"missed\":6,");
    assertThat(ids(stream)).hasSize(EventLog.CAPACITY).startsWith("3-11");
  }

  @Test
  void shouldFollow() throws Exception {
    happen("before", 1);
    try (Socket socket = open("/api/v1/events");
        BufferedReader lines = reader(socket)) {
      assertThat(nextEvent(lines).at("/subject").asText()).isEqualTo("before");

      happen("after", 1);

      assertThat(nextEvent(lines).at("/subject").asText()).isEqualTo("after");
      assertThat(openStreams()).isEqualTo(1);
    }
    await().atMost(TestNode.SOON).untilAsserted(() -> assertThat(openStreams()).isZero());
  }

  @Test
  void shouldMarkTheEndOfWhatWasKept() throws Exception {
    happen("before", 2);
    try (Socket socket = open("/api/v1/events");
        BufferedReader lines = reader(socket)) {
      List<String> kept = new ArrayList<>();
      for (String line = lines.readLine(); !line.equals(": live"); line = lines.readLine()) {
        kept.add(line);
      }
      assertThat(kept).contains("id: 3-1", "id: 3-2");
    }
  }

  @Test
  void shouldTellThatAnotherMemberDoesNotAnswer() throws Exception {
    node.members.add(
        new Member("00000000000000b2", "n2", "0.1.0", null, "127.0.0.1:1", "http://x", 1, 1));
    try (Socket socket = open("/api/v1/events?scope=cluster");
        BufferedReader lines = reader(socket)) {
      assertThat(nextEvent(lines).at("/reason").asText()).startsWith("node n2: ");
    }
  }

  @Test
  void shouldTellTheWiresCountersWhenTheyChange() throws Exception {
    WireStatus wire = node.wire("0123456789abcdef", 1, WireState.UP, null);
    try (Socket socket = open("/api/v1/events?traffic=1");
        BufferedReader lines = reader(socket)) {
      JsonNode first = nextEvent(lines);
      JsonNode still = nextEvent(lines);
      node.wires.put(
          "0123456789abcdef",
          new WireStatus(
              wire.spec(),
              wire.state(),
              null,
              wire.since(),
              new WireStatus.Traffic(7, 700, 0),
              wire.received()));
      JsonNode moved = nextEvent(lines);

      assertThat(first.at("/seconds").asInt()).isEqualTo(1);
      assertThat(first.at("/items/0/sent/frames").asLong()).isEqualTo(1200);
      assertThat(still).as("told once more, so that a rate falls to zero").isEqualTo(first);
      assertThat(moved.at("/items/0/sent/frames").asLong()).isEqualTo(7);
    }
  }

  @Test
  void shouldTellTheRttOfTheMeshsLinksWhenItChanges() throws Exception {
    mesh.up("udp-b2", "00000000000000b2", 412L);
    try (Socket socket = open("/api/v1/events?traffic=1");
        BufferedReader lines = reader(socket)) {
      JsonNode first = nextEvent(lines);
      nextEvent(lines);
      mesh.links.clear();
      mesh.up("udp-b2", "00000000000000b2", 20_500L);
      JsonNode later = nextEvent(lines);

      assertThat(first.at("/items/0/rttMicros").asLong()).isEqualTo(412);
      assertThat(later.at("/items/0/rttMicros").asLong()).isEqualTo(20_500);
      assertThat(later.at("/items/0/node").asText()).isEqualTo(TestNode.ID);
      assertThat(later.at("/items/0/id").asText()).isEqualTo("udp-b2");
    }
  }

  @Test
  void shouldTellThatTheHealthChanged() throws Exception {
    try (Socket socket = open("/api/v1/events");
        BufferedReader lines = reader(socket)) {
      await().atMost(TestNode.SOON).until(() -> openStreams() == 1);
      node.health.raise(new Health.Warning("wire", "gone", "it fell", "all wires", "lift it"));

      JsonNode event = nextEvent(lines);

      assertThat(event.at("/kind").asText()).isEqualTo("HealthChanged");
      assertThat(event.at("/text").asText()).isEqualTo("node n1 is degraded: it fell");
    }
  }

  @Test
  void shouldSkipForASlowReaderInsteadOfBuffering() throws Exception {
    String long1 = "x".repeat(16 * 1024);
    int count = 2 * EventLog.CAPACITY;
    try (Socket slow = open("/api/v1/events");
        BufferedReader lines = reader(slow)) {
      await().atMost(TestNode.SOON).until(() -> openStreams() == 1);
      // 128 MiB in all: far more than the sockets' buffers hold.
      for (int i = 0; i < count; i++) {
        node.bus.publish(new TestNode.Happened("r1", long1));
      }
      await().atMost(TestNode.SOON).until(() -> !node.events.since(count - 1).isEmpty());

      long received = 0;
      long missed = 0;
      long last = 0;
      while (last < count) {
        JsonNode event = nextEvent(lines);
        if (event.has("missed")) {
          missed += event.at("/missed").asLong();
        } else {
          received++;
          last = Long.parseLong(event.at("/id").asText().substring(2));
        }
      }
      assertThat(missed).as("told as a gap").isPositive();
      assertThat(received + missed).as("nothing vanished untold").isEqualTo(count);
    }
  }

  @Test
  void shouldBoundTheNumberOfStreams() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < EventResource.MAX_STREAMS; i++) {
        sockets.add(open("/api/v1/events"));
      }
      await().atMost(TestNode.SOON).until(() -> openStreams() == EventResource.MAX_STREAMS);

      var refused =
          client.send(
              HttpRequest.newBuilder(URI.create(node.url() + "/api/v1/events")).build(),
              BodyHandlers.ofString());

      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(refused.body()).contains("event streams: 100 are open");
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
    await().atMost(TestNode.SOON).until(() -> openStreams() == 0);
  }

  private void happen(String subject, int times) {
    for (int i = 0; i < times; i++) {
      happen(new TestNode.Happened(subject, "it happened"));
    }
  }

  private void happen(Fact fact) {
    long before = last();
    node.bus.publish(fact);
    await().pollInterval(ONE_MILLISECOND).atMost(TestNode.SOON).until(() -> last() > before);
  }

  private long last() {
    List<EventLog.Entry> all = node.events.since(0);
    return all.isEmpty() ? 0 : all.get(all.size() - 1).id();
  }

  private int openStreams() throws IOException, InterruptedException {
    String metrics =
        client
            .send(
                HttpRequest.newBuilder(URI.create(node.url() + "/metrics")).build(),
                BodyHandlers.ofString())
            .body();
    String line =
        metrics
            .lines()
            .filter(l -> l.startsWith("weft_http_event_streams "))
            .findFirst()
            .orElseThrow();
    return (int) Double.parseDouble(line.substring(line.indexOf(' ') + 1));
  }

  private String get(String query, String lastEventId) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(node.url() + "/api/v1/events" + query));
    if (lastEventId != null) {
      request.header("Last-Event-ID", lastEventId);
    }
    var response = client.send(request.build(), BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type")).hasValue("text/event-stream");
    return response.body();
  }

  private Socket open(String path) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.port());
    socket
        .getOutputStream()
        .write(
            ("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + node.port() + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static BufferedReader reader(Socket socket) throws IOException {
    return new BufferedReader(
        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Reads over chunk boundaries, since no event of ours is split by one in the middle of a line.
   */
  private static JsonNode nextEvent(BufferedReader lines) throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("data: ")) {
        return Json.mapper().readTree(line.substring(6));
      }
    }
    throw new AssertionError("the stream ended");
  }

  private static List<JsonNode> events(String stream) throws IOException {
    List<JsonNode> events = new ArrayList<>();
    for (String line : stream.lines().filter(l -> l.startsWith("data: ")).toList()) {
      events.add(Json.mapper().readTree(line.substring(6)));
    }
    return events;
  }

  private static List<String> ids(String stream) {
    return stream.lines().filter(l -> l.startsWith("id: ")).map(l -> l.substring(4)).toList();
  }
}
