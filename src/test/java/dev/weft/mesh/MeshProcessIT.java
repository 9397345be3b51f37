package dev.weft.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes as processes in namespaces, linked as a test says, on one LAN but in no cluster. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT})
class MeshProcessIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path directory;

  /** A link from one node, by number, to another, of a kind. */
  private record Edge(String kind, int from, int to) {}

  private static ProcessCluster start(Path directory, int size, List<Edge> edges, String more)
      throws Exception {
    return ProcessCluster.startApart(
        directory,
        size,
        number ->
            """
            mesh:
              listen: [ "udp://%s:7654", "tcp://%s:7654" ]
              links: [ %s ]
              %s
            """
                .formatted(
                    ProcessCluster.addressOf(number),
                    ProcessCluster.addressOf(number),
                    edges.stream()
                        .filter(edge -> edge.from() == number)
                        .map(
                            edge ->
                                "{ to: \"%s://%s:7654\" }"
                                    .formatted(edge.kind(), ProcessCluster.addressOf(edge.to())))
                        .collect(Collectors.joining(", ")),
                    more));
  }

  private static List<Edge> line(int size) {
    return IntStream.range(1, size).mapToObj(i -> new Edge("udp", i, i + 1)).toList();
  }

  /** Four nodes in a line, and a star of three whose hub is the first of them. */
  @Nested
  class InATree {
    @TempDir static Path directory;
    private static ProcessCluster nodes;

    @BeforeAll
    static void start() throws Exception {
      List<Edge> edges = new ArrayList<>(line(4));
      edges.add(new Edge("tcp", 5, 1));
      edges.add(new Edge("tcp", 6, 1));
      nodes = MeshProcessIT.start(directory, 6, edges, "");
    }

    @AfterAll
    static void end() throws Exception {
      nodes.close();
    }

    @BeforeEach
    void allReached() {
      awaitAllReached(nodes, 6);
    }

    @Test
    void shouldReachTheFarEndOfALineHopByHop() {
      awaitHops(nodes, 1, 4, List.of(nodes.id(2), nodes.id(3), nodes.id(4)));
      awaitHops(nodes, 4, 1, List.of(nodes.id(3), nodes.id(2), nodes.id(1)));
      assertThat(route(nodes, 1, 4).path("via").asText()).isEqualTo(nodes.id(2));
    }

    @Test
    void shouldReachAllOverTheHubOfAStar() {
      awaitHops(nodes, 5, 6, List.of(nodes.id(1), nodes.id(6)));
      awaitHops(nodes, 5, 2, List.of(nodes.id(1), nodes.id(2)));
    }

    @Test
    void shouldLeaveOtherLinksAloneWhileOneFlaps() throws Exception {
      List<String> steady = since(links(nodes, 3));

      for (int i = 0; i < 2; i++) {
        cut(nodes, 1, 2);
        Awaitility.await("no way to n1")
            .atMost(SOON)
            .until(() -> !reached(nodes, 3).contains(nodes.id(1)));
        restore(nodes, 1, 2);
        Awaitility.await("a way to n1")
            .atMost(SOON)
            .until(() -> reached(nodes, 3).contains(nodes.id(1)));
      }

      assertThat(since(links(nodes, 3))).isEqualTo(steady);
    }
  }

  @Nested
  class InARing {
    @TempDir static Path directory;
    private static ProcessCluster nodes;

    @BeforeAll
    static void start() throws Exception {
      List<Edge> edges = new ArrayList<>(line(4));
      edges.add(new Edge("udp", 4, 1));
      nodes = MeshProcessIT.start(directory, 4, edges, "");
    }

    @AfterAll
    static void end() throws Exception {
      nodes.close();
    }

    @BeforeEach
    void straight() {
      awaitAllReached(nodes, 4);
      awaitHops(nodes, 1, 2, List.of(nodes.id(2)));
      awaitHops(nodes, 2, 1, List.of(nodes.id(1)));
      // The way round is there too.
      awaitUp(nodes, 2, 2);
      awaitUp(nodes, 3, 2);
      awaitUp(nodes, 4, 2);
    }

    @Test
    void shouldGoTheOtherWayRoundAfterACut() throws Exception {
      long cutAt = System.nanoTime();
      cut(nodes, 1, 2);
      cut(nodes, 2, 1);

      List<String> other = List.of(nodes.id(4), nodes.id(3), nodes.id(2));
      Awaitility.await("the way over the ring's other side")
          .atMost(Duration.ofSeconds(10))
          .pollInterval(Duration.ofMillis(50))
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(hops(nodes, 1, 2)).isEqualTo(other));
      System.out.printf(
          "cut in a ring of 4: traffic again after %d ms%n",
          (System.nanoTime() - cutAt) / 1_000_000);

      restore(nodes, 1, 2);
      restore(nodes, 2, 1);
      awaitHops(nodes, 1, 2, List.of(nodes.id(2)));
    }

    @Test
    void shouldSayDownAtBothEndsIfOneDirectionIsCut() throws Exception {
      cut(nodes, 1, 2);

      awaitHops(nodes, 1, 2, List.of(nodes.id(4), nodes.id(3), nodes.id(2)));
      awaitHops(nodes, 2, 1, List.of(nodes.id(3), nodes.id(4), nodes.id(1)));
      awaitNoneUp(nodes, 1, 2);
      awaitNoneUp(nodes, 2, 1);
      restore(nodes, 1, 2);
    }
  }

  /** Each node has a link to each other one, and the first two one of another kind besides. */
  @Nested
  class InAFullMesh {
    @TempDir static Path directory;
    private static ProcessCluster nodes;

    @BeforeAll
    static void start() throws Exception {
      List<Edge> edges = new ArrayList<>(List.of(new Edge("tcp", 1, 2)));
      for (int from = 1; from <= 4; from++) {
        for (int to = from + 1; to <= 4; to++) {
          edges.add(new Edge("udp", from, to));
        }
      }
      nodes = MeshProcessIT.start(directory, 4, edges, "");
    }

    @AfterAll
    static void end() throws Exception {
      nodes.close();
    }

    @Test
    void shouldGoDirectly() {
      awaitAllReached(nodes, 4);

      for (int to = 2; to <= 4; to++) {
        awaitHops(nodes, 1, to, List.of(nodes.id(to)));
      }
    }

    @Test
    void shouldTakeTheParallelLinkWhenOneIsCut() throws Exception {
      awaitUp(nodes, 1, 4);
      awaitHops(nodes, 1, 2, List.of(nodes.id(2)));
      String carrying = linkTo(nodes, 1, 2);

      block(nodes, 1, carrying.startsWith("udp") ? "udp" : "tcp");

      Awaitility.await("the other link carries")
          .atMost(Duration.ofSeconds(10))
          .pollInterval(Duration.ofMillis(50))
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(linkTo(nodes, 1, 2)).isNotEqualTo(carrying));
      awaitHops(nodes, 1, 2, List.of(nodes.id(2)));
      nodes.host(1).run("nft", "delete", "table", "inet", "cut");
    }
  }

  /** Three in a line, the first of which has a link to nobody besides. */
  @Test
  void shouldCarryNothingForOthersWithoutRelayAndNameNodeAndReasonOfWhatCannotBeReached()
      throws Exception {
    List<Edge> edges = new ArrayList<>(line(3));
    edges.add(new Edge("udp", 1, 9));
    try (ProcessCluster nodes = start(directory, 3, edges, "relay: false")) {
      Awaitility.await("n2 linked to both, and both to n2")
          .atMost(SOON)
          .until(
              () ->
                  reached(nodes, 2).equals(Set.of(nodes.id(1), nodes.id(3)))
                      && reached(nodes, 1).contains(nodes.id(2))
                      && reached(nodes, 3).contains(nodes.id(2)));
      assertThat(reached(nodes, 1)).containsExactly(nodes.id(2));

      Awaitility.await("the link's reason")
          .atMost(SOON)
          .untilAsserted(
              () -> {
                assertThat(links(nodes, 1))
                    .extracting(link -> link.path("reason").asText())
                    .anyMatch(reason -> reason.contains("10.99.0.9:7654"));
                assertThat(health(nodes, 1)).contains("10.99.0.9:7654");
              });
    }
  }

  @Test
  void shouldLinkTheMembersOfAClusterByThemselvesButThoseWhoseMeshIsTurnedOff() throws Exception {
    try (ProcessCluster nodes =
        ProcessCluster.start(
            directory,
            3,
            true,
            number -> "mesh: { listen: [ 'udp://%s:7654' ] }".formatted(address(number)))) {
      awaitAllReached(nodes, 3);
      Awaitility.await("all links up")
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(links(nodes, 1))
                      .hasSize(2)
                      .extracting(MeshProcessIT::stateAndProof)
                      .containsOnly("up certificate"));

      nodes.kill(3);

      Awaitility.await("n3 is gone")
          .atMost(Duration.ofSeconds(10))
          .until(() -> reached(nodes, 1).equals(Set.of(nodes.id(2))));
      nodes.start(3);
      nodes.awaitReady(3);
      // Whichever link was there first, the shortest way wins.
      awaitHops(nodes, 1, 3, List.of(nodes.id(3)));

      nodes.stop(3);
      Path file = nodes.home(3).resolve("weft.yaml");
      Files.writeString(file, Files.readString(file).replaceAll("mesh: .*", ""));
      nodes.start(3);
      nodes.awaitReady(3);

      Awaitility.await("no link").atMost(SOON).until(() -> links(nodes, 1).size() == 1);
      Awaitility.await("no warning")
          .atMost(SOON)
          .until(() -> !health(nodes, 1).contains("10.99.0.3:7654"));
    }
  }

  @Test
  void shouldProveIdsByTheirKeysWithoutACa() throws Exception {
    try (ProcessCluster nodes =
        ProcessCluster.start(
            directory,
            2,
            false,
            number ->
                "mesh: { listen: [ 'udp://%s:7654', 'tcp://%s:7654' ], links: [ %s ] }"
                    .formatted(
                        address(number),
                        address(number),
                        number == 1 ? "{ to: 'tcp://" + address(2) + "' }" : ""))) {
      Awaitility.await("both kinds of links up")
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(links(nodes, 1))
                      .extracting(link -> link.path("kind").asText(), MeshProcessIT::stateAndProof)
                      .contains(tuple("tcp", "up key"), tuple("udp", "up key")));
      assertThat(health(nodes, 1)).contains("insecure");
    }
  }

  private static String stateAndProof(JsonNode link) {
    return link.path("state").asText() + " " + link.path("proof").asText();
  }

  private static String health(ProcessCluster nodes, int number) {
    return nodes.api(number).get("/readyz?verbose").toString();
  }

  private static String address(int number) {
    return ProcessCluster.addressOf(number);
  }

  private static void awaitAllReached(ProcessCluster nodes, int size) {
    Set<String> all = new HashSet<>();
    IntStream.rangeClosed(1, size).forEach(i -> all.add(nodes.id(i)));
    for (int i = 1; i <= size; i++) {
      int number = i;
      Awaitility.await("all nodes reached from n" + i)
          .atMost(SOON)
          .untilAsserted(
              () -> {
                Set<String> others = new HashSet<>(all);
                others.remove(nodes.id(number));
                assertThat(reached(nodes, number)).isEqualTo(others);
              });
    }
  }

  private static void awaitHops(ProcessCluster nodes, int from, int to, List<String> hops) {
    Awaitility.await("the way from n" + from + " to n" + to)
        .atMost(SOON)
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(hops(nodes, from, to)).isEqualTo(hops));
  }

  private static Set<String> reached(ProcessCluster nodes, int number) {
    return items(nodes, number, "routes").stream()
        .map(route -> route.path("destination").asText())
        .collect(Collectors.toSet());
  }

  private static JsonNode route(ProcessCluster nodes, int from, int to) {
    return items(nodes, from, "routes").stream()
        .filter(route -> route.path("destination").asText().equals(nodes.id(to)))
        .findFirst()
        .orElseThrow();
  }

  private static String linkTo(ProcessCluster nodes, int from, int to) {
    return route(nodes, from, to).path("link").asText();
  }

  private static List<JsonNode> links(ProcessCluster nodes, int number) {
    return items(nodes, number, "links");
  }

  private static List<String> since(List<JsonNode> links) {
    return links.stream()
        .map(link -> link.path("id").asText() + " " + link.path("since").asText())
        .sorted()
        .toList();
  }

  private static void awaitUp(ProcessCluster nodes, int number, int count) {
    Awaitility.await(count + " links of n" + number + " up")
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(links(nodes, number))
                    .extracting(link -> link.path("state").asText())
                    .containsOnly("up")
                    .hasSize(count));
  }

  private static void awaitNoneUp(ProcessCluster nodes, int from, int to) {
    Awaitility.await("links from n" + from + " to n" + to)
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(links(nodes, from))
                    .filteredOn(link -> link.path("peer").asText().equals(nodes.id(to)))
                    .extracting(link -> link.path("state").asText())
                    .doesNotContain("up"));
  }

  private static List<JsonNode> items(ProcessCluster nodes, int number, String list) {
    return StreamSupport.stream(
            nodes.api(number).get("/api/v1/mesh/" + list).path("items").spliterator(), false)
        .toList();
  }

  private static List<String> hops(ProcessCluster nodes, int from, int to) {
    JsonNode answer =
        nodes.api(from).send("POST", "/api/v1/mesh/ping/" + nodes.id(to), "application/json", "");
    return StreamSupport.stream(answer.path("hops").spliterator(), false)
        .map(hop -> hop.path("node").asText())
        .toList();
  }

  /** What one node sends to another is lost; the other direction is not touched. */
  private static void cut(ProcessCluster nodes, int from, int to) throws Exception {
    nodes.host(from).run("ip", "route", "add", "blackhole", ProcessCluster.addressOf(to));
  }

  private static void restore(ProcessCluster nodes, int from, int to) throws Exception {
    nodes.host(from).run("ip", "route", "del", "blackhole", ProcessCluster.addressOf(to));
  }

  /** What a node sends by a protocol to port 7654 is lost, and what comes from there. */
  private static void block(ProcessCluster nodes, int number, String protocol) throws Exception {
    nodes.host(number).run("nft", "add", "table", "inet", "cut");
    nodes.host(number).run("nft", "add chain inet cut out { type filter hook output priority 0; }");
    nodes.host(number).run("nft", "add rule inet cut out meta l4proto " + protocol + " drop");
  }
}
