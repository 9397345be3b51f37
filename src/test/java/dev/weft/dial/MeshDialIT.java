package dev.weft.dial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.EchoService;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.NumberedDatagrams;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import dev.weft.testkit.Transfer;
import dev.weft.testkit.WiredPods;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two members that reach each other only through a third, until a direct way appears and goes. The
 * third serves gRPC on loopback only, so it is called through the mesh.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.PYTHON_GRPC})
class MeshDialIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir static Path directory;
  private static ProcessCluster cluster;
  private static WiredPods pods;

  @BeforeAll
  static void start() throws Exception {
    pods = new WiredPods();
    cluster =
        ProcessCluster.start(
            directory,
            3,
            true,
            number ->
                "wires: { carrier: follow }\nmesh: { listen: [ 'udp://%s:7654' ] }\n%s"
                    .formatted(
                        ProcessCluster.addressOf(number),
                        number == 3 ? "grpc: { host: 127.0.0.1 }" : ""));
    // For the whole of the test: no link of the mesh between the two.
    block("link", "udp dport 7654", "udp sport 7654");
    blockGrpc();
    pods.join(cluster.node(1), cluster.node(2));
  }

  @AfterAll
  static void end() throws Exception {
    cluster.close();
    pods.close();
  }

  @BeforeEach
  void bothThroughTheMesh() {
    cluster.awaitUp(1, pods.wire(), SOON);
    awaitWay("mesh");
  }

  /** What the two send to each other is lost. */
  private static void block(String table, String... kinds) throws Exception {
    for (int number = 1; number <= 2; number++) {
      TestNetns host = cluster.host(number);
      String chain = "inet " + table + " out";
      host.run("nft", "add", "table", "inet", table);
      host.run("nft", "add chain " + chain + " { type filter hook output priority 0; }");
      for (String kind : kinds) {
        String to = "ip daddr " + ProcessCluster.addressOf(3 - number);
        host.run("nft", "add rule " + chain + " " + to + " " + kind + " drop");
      }
    }
  }

  private static void blockGrpc() throws Exception {
    block("grpc", "tcp dport 51111", "tcp sport 51111");
  }

  private static void letGrpcThrough() throws Exception {
    for (int number = 1; number <= 2; number++) {
      cluster.host(number).run("nft", "delete", "table", "inet", "grpc");
    }
  }

  private static JsonNode way(int from, int to) {
    for (JsonNode node : cluster.api(from).get("/api/v1/nodes").path("items")) {
      if (node.path("id").asText().equals(cluster.id(to))) {
        return node.path("way");
      }
    }
    throw new AssertionError("n" + to + " is no member at n" + from);
  }

  private static void awaitWay(String kind) {
    for (int number = 1; number <= 2; number++) {
      int from = number;
      await("way from n" + from + " is " + kind)
          .atMost(SOON)
          .pollInterval(Duration.ofMillis(50))
          .untilAsserted(
              () -> assertThat(way(from, 3 - from).path("kind").asText()).isEqualTo(kind));
    }
  }

  @Test
  void shouldCarryFullFramesThroughTheThird() throws Exception {
    assertThat(pods.carryFullFrames()).isTrue();
    await("why not better").atMost(SOON).until(() -> !way(1, 2).path("reason").asText().isEmpty());

    Transfer.Result result = Transfer.tcp(pods.one(), pods.two(), WiredPods.TWO, 50 << 20);

    assertThat(result.received()).isEqualTo(result.sent());
    System.out.printf(
        "TCP over a wire through a third node: %.2f Gbit/s%n", result.gigabitsPerSecond());
  }

  @Test
  void shouldReachAMemberWhoseGrpcIsOnLoopbackThroughTheMesh() throws Exception {
    try (TestNetns three = TestNetns.create("p3")) {
      cluster.pod(3, "p3", three);
      cluster.link(2, 1, "p1", "12.12.13.1/24", 3, "p3", "12.12.13.3/24", "");

      assertThat(WiredPods.ping(pods.one(), "12.12.13.3")).as("1500 bytes, p1 to p3").isTrue();
      assertThat(WiredPods.ping(three, "12.12.13.1")).as("1500 bytes, p3 to p1").isTrue();
      await().atMost(SOON).until(() -> way(1, 3).path("kind").asText().equals("punched"));
      assertThat(way(1, 3).path("path").asText()).startsWith("udp 10.");
      assertThat(way(1, 3).path("reason").asText())
          .isEqualTo("node n3 serves no other node (its grpc.host is loopback)");
      await().atMost(SOON).until(() -> way(3, 1).path("kind").asText().equals("direct"));
    }
  }

  @Test
  void shouldAskForAServiceThroughTheThird() throws Exception {
    EchoService.assertAnswers(cluster.node(1), cluster.node(2), "through a third");
  }

  @Test
  void shouldMoveToADirectWayAndBackWithoutLossOfCarrier() throws Exception {
    JsonNode before = cluster.api(1).get("/api/v1/wires/" + pods.wire());
    String carrier = pods.carrierChanges();
    try (NumberedDatagrams numbers =
        NumberedDatagrams.start(pods.one(), pods.two(), WiredPods.TWO)) {
      numbers.awaitMore(500);
      // When a direct way appears
      long lost = numbers.lost();
      letGrpcThrough();
      awaitWay("direct");
      numbers.awaitMore(2000);

      // Then nothing is lost, and nothing comes late
      assertThat(numbers.lost()).as("lost in the move").isEqualTo(lost);
      assertThat(numbers.late()).as("late or twice").isZero();

      // When it breaks
      blockGrpc();
      awaitWay("mesh");
      numbers.awaitMore(2000);

      // Then the wire goes on
      System.out.printf(
          "direct way cut: the wire stood still for %d ms, %d datagrams lost%n",
          numbers.longestPauseMillis(), numbers.lost() - lost);
      assertThat(numbers.late()).as("late or twice").isZero();
    }
    assertThat(pods.carrierChanges()).as(() -> cluster.log(1) + cluster.log(2)).isEqualTo(carrier);
    JsonNode after = cluster.api(1).get("/api/v1/wires/" + pods.wire());
    assertThat(after.path("since")).isEqualTo(before.path("since"));
    assertThat(after.path("state").asText()).isEqualTo("up");
  }

  @Test
  void shouldHaveATransferGoOnWhateverBecomesOfTheWays() throws Exception {
    CompletableFuture<Transfer.Result> transfer =
        Transfer.start(pods.one(), pods.two(), WiredPods.TWO, 100L << 20);

    letGrpcThrough();
    awaitWay("direct");
    blockGrpc();
    awaitWay("mesh");

    Transfer.Result result = transfer.get(120, TimeUnit.SECONDS);
    assertThat(result.received()).isEqualTo(result.sent());
  }
}
