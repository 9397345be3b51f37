package dev.weft.dial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two members, n1 and n2, and two outposts, n3 and n4, which nobody can dial. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT})
class OutpostIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir static Path directory;
  private static ProcessCluster nodes;

  @BeforeAll
  static void start() throws Exception {
    nodes = ProcessCluster.startWithOutposts(directory, 2, 2, OutpostIT::configuration);
    for (int outpost = 3; outpost <= 4; outpost++) {
      firewall(outpost);
    }
  }

  @AfterAll
  static void end() throws Exception {
    nodes.close();
  }

  private static String configuration(int number) {
    return number <= 2
        ? "mesh: { listen: [ 'udp://%s:7654' ] }".formatted(ProcessCluster.addressOf(number))
        : "mesh: { links: [ { to: 'udp://%s:7654' } ] }".formatted(ProcessCluster.addressOf(1));
  }

  /** Lets nothing in but answers to what went out by UDP, as a NAT does. */
  private static void firewall(int number) throws Exception {
    TestNetns host = nodes.host(number);
    host.run("nft", "add", "table", "inet", "nat");
    host.run("nft", "add chain inet nat in { type filter hook input priority 0; policy drop; }");
    host.run("nft", "add rule inet nat in iif lo accept");
    host.run("nft", "add rule inet nat in ip protocol icmp accept");
    host.run("nft", "add rule inet nat in meta l4proto udp ct state established accept");
  }

  private static Set<String> names(int number) {
    Set<String> names = new TreeSet<>();
    nodes
        .api(number)
        .get("/api/v1/nodes")
        .path("items")
        .forEach(n -> names.add(n.path("name").asText()));
    return names;
  }

  private static boolean ping(TestNetns from, String to) throws Exception {
    try (Netns netns = from.open()) {
      return IcmpEcho.ping(netns, InetAddress.getByName(to), 1472, true, Duration.ofSeconds(2))
          .isPresent();
    }
  }

  @Test
  void shouldBeListedEverywhere() {
    for (int number = 1; number <= 4; number++) {
      int at = number;
      await("nodes at n" + at)
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(names(at)).as(nodes.log(at)).containsExactly("n1", "n2", "n3", "n4"));
    }
  }

  @Test
  void shouldHaveWires() throws Exception {
    shouldBeListedEverywhere();
    try (TestNetns two = TestNetns.create("p2");
        TestNetns three = TestNetns.create("p3");
        TestNetns four = TestNetns.create("p4")) {
      nodes.pod(2, "p2", two);
      nodes.pod(3, "p3", three);
      nodes.pod(4, "p4", four);
      await("pods at n3")
          .atMost(SOON)
          .untilAsserted(
              () -> {
                JsonNode pods = nodes.api(3).get("/api/v1/pods?scope=cluster");
                assertThat(pods.path("items")).hasSize(3);
              });

      nodes.link(1, 3, "p3", "12.1.1.3/24", 2, "p2", "12.1.1.2/24", "");
      nodes.link(2, 3, "p3", "12.1.2.3/24", 4, "p4", "12.1.2.4/24", "");

      assertThat(ping(three, "12.1.1.2")).as("outpost to member").isTrue();
      assertThat(ping(two, "12.1.1.3")).as("member to outpost").isTrue();
      assertThat(ping(three, "12.1.2.4")).as("outpost to outpost").isTrue();
    }
  }

  @Test
  void shouldHaveSubnets() {
    for (int number = 1; number <= 4; number++) {
      int at = number;
      await("subnet of n" + at).atMost(SOON).until(() -> !nodes.subnetOf(at).isEmpty());
    }
  }
}
