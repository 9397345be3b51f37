package dev.weft.subnet.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.AddressedPod;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.Transfer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three node processes that carry their pods' packets over their own connections. */
@Needs({Need.ROOT, Need.IPROUTE2})
class TunnelClusterIT {
  private static final int NODES = 3;
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir static Path directory;
  private static ProcessCluster nodes;
  private static final List<AddressedPod> pods = new ArrayList<>();

  /** One node asks for encryption where it is possible, the others for nothing else. */
  @BeforeAll
  static void start() throws Exception {
    nodes =
        ProcessCluster.start(
            directory,
            NODES,
            true,
            number ->
                "subnets: { carrier: %s, on-stop: remove }"
                    .formatted(number == 3 ? "auto" : "mesh"));
    for (int i = 1; i <= NODES; i++) {
      pods.add(AddressedPod.create(nodes.node(i), "p" + i));
    }
    awaitPings();
  }

  @AfterAll
  static void end() throws Exception {
    pods.forEach(AddressedPod::close);
    nodes.close();
  }

  private static void awaitPings() {
    await("pods reach each other")
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(100))
        .until(
            () -> {
              boolean all = true;
              for (AddressedPod from : pods) {
                for (AddressedPod to : pods) {
                  all &= from == to || from.pings(to, 100);
                }
              }
              return all;
            });
  }

  @Test
  void shouldCarryWholePackets() throws Exception {
    awaitPings();
    assertThat(pods.get(0).pings(pods.get(1), 1500)).isTrue();
    assertThat(pods.get(1).pings(pods.get(0), 1500)).isTrue();

    Transfer.Result result =
        Transfer.tcp(pods.get(0).netns(), pods.get(1).netns(), pods.get(1).address(), 50 << 20);

    assertThat(result.received()).isEqualTo(result.sent());
  }

  @Test
  void shouldRouteThroughTunnelsAndMakeNoVxlan() throws Exception {
    awaitPings();
    for (int i = 1; i <= NODES; i++) {
      assertThat(nodes.host(i).run("ip", "-o", "link")).doesNotContain("vxlan100");
      assertThat(nodes.host(i).run("ip", "route"))
          .containsPattern("10\\.42\\.\\d+\\.0/24 via 10\\.42\\.\\d+\\.0 dev wt[0-9a-f]{13}");
    }
  }

  @Test
  void shouldShowHowEachMemberIsReached() {
    await("all by encrypted tunnels")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              JsonNode subnets = nodes.api(1).get("/api/v1/subnets").path("items");
              assertThat(subnets).hasSize(NODES);
              for (JsonNode subnet : subnets) {
                boolean self = subnet.path("self").asBoolean();
                assertThat(subnet.path("carrier").asText()).isEqualTo(self ? "" : "mesh");
                assertThat(subnet.path("encrypted").asBoolean()).isEqualTo(!self);
                assertThat(subnet.path("problem").asText()).isEmpty();
              }
            });
  }

  @Test
  void shouldDropWhatIsNotFromTheSendersSubnet() throws Exception {
    String drops = "weft_subnet_tunnel_drops_total{cause=\"source\",direction=\"sent\"}";
    long before = nodes.node(1).metric(drops);

    pods.get(0).forge("10.42.250.9", pods.get(1).address(), 10);

    await("drops").atMost(SOON).until(() -> nodes.node(1).metric(drops) == before + 10);
  }

  @Test
  void shouldLetTheHostReachPods() throws Exception {
    nodes.host(1).run("ping", "-c", "1", "-W", "5", pods.get(1).address());
  }

  @Test
  void shouldRepairATunnelThatSomebodyDeletes() throws Exception {
    String device = TunnelDevice.nameOf(nodes.id(2));
    nodes.host(1).run("ip", "link", "del", device);

    awaitPings();
  }

  @Test
  void shouldTakeTunnelsAwayWithANodeThatStopsAndBringThemBack() throws Exception {
    nodes.stop(3);

    assertThat(nodes.host(3).run("ip", "-o", "link")).doesNotContain(":tunnel:");
    assertThat(nodes.host(3).run("ip", "route")).doesNotContain("dev wt");
    await("no tunnel to the node")
        .atMost(SOON)
        .until(() -> !links(1).contains(TunnelDevice.nameOf(nodes.id(3))));

    nodes.start(3);
    nodes.awaitReady(3);

    awaitPings();
  }

  private static String links(int node) throws Exception {
    return nodes.host(node).run("ip", "-o", "link");
  }
}
