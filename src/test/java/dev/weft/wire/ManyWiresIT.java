package dev.weft.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.ProcessStatus;
import dev.weft.testkit.TestNetns;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node needs for wires that stand and carry little. */
@Tag("alone")
@Needs({Need.ROOT, Need.IPROUTE2})
class ManyWiresIT {
  private static final int BLOCKS = 5;
  private static final int LINKS = 100;
  private static final int MOST_MEGABYTES = 400;

  /** None belongs to a wire. */
  private static final int MOST_THREADS = 66;

  /** Hazelcast ends threads of its pools, which grow as it joins, after a minute without work. */
  private static final Duration SETTLED = Duration.ofSeconds(90);

  @TempDir Path directory;

  @Test
  void shouldHoldFiveHundredIdleWires() throws Exception {
    try (TestNetns one = TestNetns.create("p1");
        TestNetns two = TestNetns.create("p2");
        ProcessCluster cluster = ProcessCluster.start(directory, 2, "")) {
      // Given
      report("before", cluster);

      // When
      for (int block = 0; block < BLOCKS; block++) {
        cluster.pod(1, "a" + block, one);
        cluster.pod(2, "b" + block, two);
        long begun = System.nanoTime();
        cluster.api(1).send("POST", "/api/v1/topologies", "application/yaml", pair(block));
        awaitUp(cluster, (block + 1) * LINKS);
        System.out.printf(
            "wires %d to %d up after %.2f s%n",
            block * LINKS + 1, (block + 1) * LINKS, (System.nanoTime() - begun) / 1e9);
      }

      // Then
      for (int block = 0; block < BLOCKS; block++) {
        assertPings(one, block, LINKS);
      }
      report("with " + BLOCKS * LINKS + " wires", cluster);
      for (int node = 1; node <= 2; node++) {
        var process = cluster.process(node);
        assertThat(ProcessStatus.of(process).residentMegabytes())
            .as("MB resident, node %d", node)
            .isLessThan(MOST_MEGABYTES);
        Awaitility.await("threads of node " + node)
            .atMost(SETTLED)
            .untilAsserted(
                () -> assertThat(ProcessStatus.of(process).threads()).isLessThan(MOST_THREADS));
      }
    }
  }

  private static void report(String when, ProcessCluster cluster) throws Exception {
    for (int node = 1; node <= 2; node++) {
      ProcessStatus status = ProcessStatus.of(cluster.process(node));
      System.out.printf(
          "%s: node %d has %d MB resident, %d threads%n",
          when, node, status.residentMegabytes(), status.threads());
    }
  }

  private static void awaitUp(ProcessCluster cluster, int count) {
    for (int node = 1; node <= 2; node++) {
      var api = cluster.api(node);
      Awaitility.await(count + " wires up at node " + node)
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(100))
          .untilAsserted(() -> assertThat(up(api.get("/api/v1/wires"))).isEqualTo(count));
    }
  }

  private static int up(JsonNode wires) {
    int up = 0;
    for (JsonNode wire : wires.path("items")) {
      up += wire.path("state").asText().equals("up") ? 1 : 0;
    }
    return up;
  }

  private static void assertPings(TestNetns from, int block, int link) throws Exception {
    try (Netns netns = from.open()) {
      assertThat(
              IcmpEcho.ping(
                  netns,
                  InetAddress.getByName(address(block, link, 2)),
                  1000,
                  true,
                  Duration.ofSeconds(5)))
          .as("ping over link %d of pods %d", link, block)
          .isPresent();
    }
  }

  private static String address(int block, int link, int end) {
    return "12." + (block + 1) + "." + link + "." + end;
  }

  /** Two pods with all their links between them. */
  private static String pair(int block) {
    return topology(block, "a", 1, "b") + "---\n" + topology(block, "b", 2, "a");
  }

  private static String topology(int block, String pod, int end, String peer) {
    StringBuilder yaml = new StringBuilder();
    yaml.append(
        """
        apiVersion: networkop.co.uk/v1beta1
        kind: Topology
        metadata: { name: %s }
        spec:
          links:
        """
            .formatted(pod + block));
    for (int link = 1; link <= LINKS; link++) {
      int uid = block * LINKS + link;
      yaml.append(
          "  - { uid: %d, peer_pod: %s, local_intf: e%d, peer_intf: e%d, local_ip: %s/24 }%n"
              .formatted(uid, peer + block, uid, uid, address(block, link, end)));
    }
    return yaml.toString();
  }
}
