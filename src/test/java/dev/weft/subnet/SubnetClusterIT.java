package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.address.IpAddress;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.PingStream;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.QuiltClient;
import dev.weft.testkit.TestNetns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Three node processes that start at the same moment, and what befalls them. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SubnetClusterIT {
  private static final int NODES = 3;

  /** Nodes that join while the cluster is parted. */
  private static final int NEWCOMERS = 2;

  @TempDir static Path directory;
  private static ProcessCluster nodes;
  private static final List<TestNetns> pods = new ArrayList<>();
  private static final List<String> subnets = new ArrayList<>();

  @BeforeAll
  static void startAllAtOnce() throws Exception {
    nodes = ProcessCluster.prepare(directory, NODES + NEWCOMERS, "");
    for (int i = 1; i <= NODES; i++) {
      pods.add(TestNetns.create("pod" + i));
      nodes.start(i);
    }
    for (int i = 1; i <= NODES; i++) {
      nodes.awaitReady(i);
    }
    await().atMost(Duration.ofSeconds(60)).until(() -> distinctSubnets(NODES).size() == NODES);
    for (int i = 1; i <= NODES; i++) {
      subnets.add(nodes.subnetOf(i));
    }
  }

  /** Each test begins with a pod on each node, all of which reach each other. */
  @BeforeEach
  void joinPods() {
    for (int i = 1; i <= NODES; i++) {
      addPod(i);
    }
    awaitAllPings(Duration.ofSeconds(30));
  }

  @AfterAll
  static void stop() throws Exception {
    pods.forEach(TestNetns::close);
    nodes.close();
  }

  @Test
  void shouldGiveNodesThatStartTogetherDifferentSubnets() {
    assertThat(subnets).doesNotHaveDuplicates().allMatch(s -> s.matches("10\\.42\\.\\d+\\.0/24"));
  }

  @Test
  void shouldLetEveryPodReachEveryPod() throws Exception {
    for (int i = 1; i <= NODES; i++) {
      String given = addPod(i).path("address").asText();
      assertThat(given).isEqualTo(addressIn(i) + "/24");
      assertThat(addPod(i).path("address").asText()).isEqualTo(given);
    }

    awaitAllPings(Duration.ofSeconds(15));
  }

  @Test
  void shouldLoseNoPacketWhileANodesProcessIsKilledOrStoppedAndStartsAgain() throws Exception {
    try (PingStream there = PingStream.start(pods.get(0), addressIn(3));
        PingStream back = PingStream.start(pods.get(2), addressIn(1))) {
      awaitFirst(there, back);

      nodes.kill(3);
      awaitMembersAt(1, NODES - 1);
      nodes.start(3);
      nodes.awaitReady(3);
      awaitMembersAt(1, NODES);
      say("kill -9 and start", there, back);

      nodes.stop(3);
      awaitMembersAt(1, NODES - 1);
      nodes.start(3);
      nodes.awaitReady(3);
      awaitMembersAt(1, NODES);
      say("SIGTERM and start", there, back);

      assertThat(there.lost()).isZero();
      assertThat(back.lost()).isZero();
      assertThat(nodes.subnetOf(3)).isEqualTo(subnets.get(2));
    }
  }

  @Test
  void shouldLoseNoPacketWhileOnlyTheControlTrafficIsCut() throws Exception {
    try (PingStream there = PingStream.start(pods.get(0), addressIn(3));
        PingStream back = PingStream.start(pods.get(2), addressIn(1))) {
      awaitFirst(there, back);

      nodes.host(3).run("nft", "-f", write(CUT).toString());
      awaitMembersAt(3, 1);
      awaitMembersAt(1, NODES - 1);
      int lost = there.lost() + back.lost();
      nodes.host(3).run("nft", "delete", "table", "inet", "cut");
      awaitMembersAt(1, NODES);
      awaitMembersAt(3, NODES);
      say("only control traffic cut, and merged again", there, back);

      assertThat(lost).isZero();
      assertThat(there.lost()).isZero();
      assertThat(back.lost()).isZero();
    }
  }

  /** Everything from other hosts but VXLAN and what is inside of it. */
  private static final String CUT =
      """
      table inet cut {
        chain in {
          type filter hook input priority 0;
          iifname "eth0" udp dport 4789 accept
          iifname "eth0" ip protocol { tcp, udp } drop
        }
      }
      """;

  private static Path write(String rules) throws Exception {
    return Files.writeString(directory.resolve("rules"), rules);
  }

  private static void awaitFirst(PingStream... streams) {
    for (PingStream stream : streams) {
      assertThat(stream.lost()).isZero();
    }
  }

  private static void awaitMembersAt(int node, int count) {
    await().atMost(Duration.ofSeconds(90)).until(() -> nodes.members(node) == count);
  }

  private static void say(String fault, PingStream there, PingStream back) {
    System.out.printf("%s: %d and %d requests without a reply%n", fault, there.lost(), back.lost());
  }

  @Test
  void shouldRepairWhatSomeoneElseDeletes() throws Exception {
    nodes.host(1).run("ip", "route", "del", subnets.get(1));

    await().atMost(Duration.ofSeconds(12)).until(() -> reaches(1, 2));
  }

  @Test
  void shouldGiveNoLeaseInAMinorityAlsoWithNewcomersAndKeepTheOneThatIs() throws Exception {
    nodes.partition(3, 4, 5);
    long parted = System.nanoTime();
    awaitMembersAt(3, 1);
    nodes.start(4);
    nodes.start(5);
    await()
        .pollInterval(Duration.ofMillis(100))
        .atMost(Duration.ofSeconds(30))
        .until(() -> !routes(1).contains(subnets.get(2)) && !routes(2).contains(subnets.get(2)));
    say("routes of a node that packets do not reach are gone after", parted);

    nodes.kill(3);
    nodes.start(3);
    nodes.awaitReady(3);

    assertThat(nodes.subnetOf(3)).isEqualTo(subnets.get(2));
    assertThat(new QuiltClient(nodes.host(3)).call("ConfigureNodeSubnet", "10.42.77.0/24"))
        .contains("10.42.77.0/24", subnets.get(2), "1 of its addresses");
    for (int newcomer = 4; newcomer <= 5; newcomer++) {
      nodes.awaitReady(newcomer);
      awaitMembersAt(newcomer, 3);
      assertThat(new QuiltClient(nodes.host(newcomer)).call("ConfigureNodeSubnet", "10.42.78.0/24"))
          .contains("voters: 1 of 3 are here");
      assertThat(nodes.subnetOf(newcomer)).isEmpty();
    }
    nodes.heal();
    long healed = System.nanoTime();
    awaitAllPings(Duration.ofSeconds(30));
    say("pods reach each other again after", healed);
    awaitMembersAt(1, NODES + NEWCOMERS);
    awaitAllPings(Duration.ofSeconds(30));
    for (int i = 1; i <= NODES; i++) {
      assertThat(nodes.subnetOf(i)).isEqualTo(subnets.get(i - 1));
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> distinctSubnets(NODES + NEWCOMERS).size() == NODES + NEWCOMERS);
    for (int newcomer = 4; newcomer <= 5; newcomer++) {
      nodes.kill(newcomer);
    }
    awaitMembersAt(1, NODES);
    for (int newcomer = 4; newcomer <= 5; newcomer++) {
      nodes.api(1).delete("/api/v1/nodes/" + nodes.id(newcomer));
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> assertThat(nodes.api(2).get("/api/v1/subnets").path("items")).hasSize(NODES));
  }

  /** Of two voters of three that are gone for good: before both are named, nothing is decided. */
  @Test
  void shouldFreeTheSubnetsOfNodesThatAreForgottenOneAfterTheOther() throws Exception {
    for (int i = 2; i <= NODES; i++) {
      nodes.kill(i);
    }
    awaitMembersAt(1, 1);

    nodes.api(1).delete("/api/v1/nodes/" + nodes.id(2));
    assertThat(nodes.api(1).get("/api/v1/subnets").path("items")).hasSize(NODES);
    nodes.api(1).delete("/api/v1/nodes/" + nodes.id(3));

    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> assertThat(nodes.api(1).get("/api/v1/subnets").path("items")).hasSize(1));
    for (int i = 2; i <= NODES; i++) {
      nodes.start(i);
    }
    for (int i = 2; i <= NODES; i++) {
      nodes.awaitReady(i);
    }
    await().atMost(Duration.ofSeconds(60)).until(() -> distinctSubnets(NODES).size() == NODES);
    awaitAllPings(Duration.ofSeconds(60));
  }

  /** Last, as node 4 keeps a disk that other tests do not expect. */
  @Test
  @Order(Integer.MAX_VALUE)
  void shouldReachThePodsOfANodeWhoseSubnetAnotherOneHasByNow() throws Exception {
    String lost = subnets.get(2);
    nodes.stop(3);
    awaitMembersAt(1, NODES - 1);
    nodes.api(1).delete("/api/v1/subnets/" + nodes.id(3));
    nodes.start(4);
    nodes.awaitReady(4);
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              new QuiltClient(nodes.host(4)).call("ConfigureNodeSubnet", lost);
              return lost.equals(nodes.subnetOf(4));
            });
    try (TestNetns pod = TestNetns.create("pod4")) {
      nodes.start(3);
      nodes.awaitReady(3);
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(routes(4)).contains(addressIn(3) + " via"));
      long begun = System.nanoTime();
      awaitAllPings(Duration.ofSeconds(30));
      say("pods of the node that lost its subnet are reached after", begun);

      String body = "{\"netns\":\"" + pod.name() + "\",\"address\":\"auto\"}";
      JsonNode given =
          nodes.api(4).send("PUT", "/api/v1/pods/default/p4", "application/json", body);
      String address = given.path("address").asText().replace("/24", "");
      assertThat(address).isNotEqualTo(addressIn(3)).startsWith(lost.replace("0/24", ""));
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  pings(pods.get(0), address)
                      && pings(pods.get(2), address)
                      && pings(pod, addressIn(3)));
      nodes.api(4).delete("/api/v1/pods/default/p4");
    } finally {
      nodes.stop(4);
    }
    awaitMembersAt(1, NODES);
    nodes.api(1).delete("/api/v1/subnets/" + nodes.id(4));
    await().atMost(Duration.ofSeconds(60)).until(() -> lost.equals(nodes.subnetOf(3)));
    awaitAllPings(Duration.ofSeconds(30));
    assertThat(routes(1)).doesNotContain(addressIn(3) + " via");
  }

  @Test
  void shouldSayWhatStopsPodsPacketsAndHealWhatIsItsOwn() throws Exception {
    nodes.host(2).run("nft", "-f", write(NO_OVERLAY).toString());
    nodes.host(3).run("nft", "-f", write(NO_FORWARD).toString());
    nodes.host(1).run("sysctl", "-qw", "net.ipv4.ip_forward=0");
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> {
                assertThat(warnings(1))
                    .contains(
                        "node n2 does not answer over the overlay",
                        "node n3 answers, but a pod there that answers its own node does not");
                assertThat(nodes.api(1).get("/api/v1/subnets").toString())
                    .contains(
                        "its host does not answer over the overlay, " + routerIn(2),
                        "its host does not pass packets on to its pods, such as " + addressIn(3));
                assertThat(warnings(2)).contains("nodes n1, n3 do not answer over the overlay");
              });
    } finally {
      nodes.host(2).run("nft", "delete", "table", "inet", "cut");
      nodes.host(3).run("nft", "delete", "table", "inet", "cut");
    }
    awaitAllPings(Duration.ofSeconds(30));
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> assertThat(warnings(1)).doesNotContain("does not answer", "does not\""));
  }

  private static final String NO_OVERLAY =
      """
      table inet cut {
        chain in {
          type filter hook input priority -300;
          udp dport 4789 drop
        }
      }
      """;

  private static final String NO_FORWARD =
      """
      table inet cut {
        chain passing {
          type filter hook forward priority 0;
          drop
        }
      }
      """;

  private static String warnings(int node) {
    return nodes.api(node).get("/api/v1/node").path("rooms").toString();
  }

  private static String routerIn(int node) {
    return subnets.get(node - 1).replace("/24", "");
  }

  @Test
  void shouldFindItsSubnetAgainWithAnEmptyDisk() throws Exception {
    nodes.kill(3);
    awaitMembersAt(1, NODES - 1);
    wipe(3);
    nodes.start(3);
    nodes.awaitReady(3);

    await().atMost(Duration.ofSeconds(30)).until(() -> !nodes.subnetOf(3).isEmpty());
    assertThat(nodes.subnetOf(3)).isEqualTo(subnets.get(2));
    addPod(3);
    awaitAllPings(Duration.ofSeconds(30));
    awaitMembersAt(1, NODES);
  }

  private static void wipe(int node) throws Exception {
    for (String file : List.of("weft.db", "weft.db-wal", "weft.db-shm")) {
      Files.deleteIfExists(nodes.home(node).resolve("data").resolve(file));
    }
  }

  private static Set<String> distinctSubnets(int count) {
    Set<String> found = new TreeSet<>();
    for (int i = 1; i <= count; i++) {
      found.add(nodes.subnetOf(i));
    }
    found.remove("");
    return found;
  }

  private static JsonNode addPod(int node) {
    String body = "{\"netns\":\"" + pods.get(node - 1).name() + "\",\"address\":\"auto\"}";
    return nodes.api(node).send("PUT", "/api/v1/pods/default/p" + node, "application/json", body);
  }

  private static String addressIn(int node) {
    return subnets.get(node - 1).replace(".0/24", ".10");
  }

  private static String routes(int node) throws Exception {
    return nodes.host(node).run("ip", "route");
  }

  private static void awaitAllPings(Duration within) {
    await()
        .atMost(within)
        .until(
            () -> {
              boolean all = true;
              for (int from = 1; from <= NODES; from++) {
                for (int to = 1; to <= NODES; to++) {
                  all &= from == to || reaches(from, to);
                }
              }
              return all;
            });
  }

  private static boolean reaches(int from, int to) throws Exception {
    return pings(pods.get(from - 1), addressIn(to));
  }

  private static boolean pings(TestNetns pod, String address) throws Exception {
    try (Netns netns = pod.open();
        IcmpEcho echo = IcmpEcho.open(netns, IpAddress.parse(address), 1422, true)) {
      return echo.ping(Duration.ofSeconds(1)).isPresent();
    }
  }

  private static void say(String what, long since) {
    System.out.printf("%s %.2f s%n", what, (System.nanoTime() - since) / 1e9);
  }
}
