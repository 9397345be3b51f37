package dev.weft.dial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netns;
import dev.weft.testkit.EchoService;
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
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.PYTHON_GRPC})
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
        .forEach(
            n -> {
              if (!n.path("state").asText().equals("away")) {
                names.add(n.path("name").asText());
              }
            });
    return names;
  }

  private static Set<String> pods(int number) {
    Set<String> pods = new TreeSet<>();
    nodes
        .api(number)
        .get("/api/v1/pods?scope=cluster")
        .path("items")
        .forEach(pod -> pods.add(pod.path("ref").asText()));
    return pods;
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
              () -> assertThat(pods(3)).contains("default/p2", "default/p3", "default/p4"));

      nodes.link(1, 3, "p3", "12.1.1.3/24", 2, "p2", "12.1.1.2/24", "");
      nodes.link(2, 3, "p3", "12.1.2.3/24", 4, "p4", "12.1.2.4/24", "");

      assertThat(ping(three, "12.1.1.2")).as("outpost to member").isTrue();
      assertThat(ping(two, "12.1.1.3")).as("member to outpost").isTrue();
      assertThat(ping(three, "12.1.2.4")).as("outpost to outpost").isTrue();
    }
  }

  @Test
  void shouldHaveSubnetsOfItsOwn() {
    Set<String> subnets = new TreeSet<>();
    for (int number = 1; number <= 4; number++) {
      int at = number;
      await("subnet of n" + at).atMost(SOON).until(() -> !nodes.subnetOf(at).isEmpty());
      subnets.add(nodes.subnetOf(at));
    }
    assertThat(subnets).hasSize(4);
  }

  @Test
  void shouldBeGoneAtOnceWhenItIsStopped() throws Exception {
    shouldBeListedEverywhere();
    try {
      nodes.stop(4);
      // Sooner than an outpost that says nothing is given up.
      await("n4 is gone").atMost(Duration.ofSeconds(8)).until(() -> !names(2).contains("n4"));
    } finally {
      nodes.start(4);
      nodes.awaitReady(4);
    }
  }

  @Test
  void shouldHaveAHomeThatIsTheOnlyMember(@TempDir Path other) throws Exception {
    try (ProcessCluster two =
        ProcessCluster.startWithOutposts(
            other,
            1,
            1,
            number ->
                number == 1
                    ? "mesh: { listen: [ 'udp://%s:7654' ] }".formatted(ProcessCluster.addressOf(1))
                    : configuration(3))) {
      await("subnet of the outpost").atMost(SOON).until(() -> !two.subnetOf(2).isEmpty());

      await("both listed at the member")
          .atMost(SOON)
          .untilAsserted(
              () -> assertThat(two.api(1).get("/api/v1/nodes").path("items")).hasSize(2));
    }
  }

  @Test
  void shouldAskForAServiceOfAMember() throws Exception {
    shouldBeListedEverywhere();
    EchoService.assertAnswers(nodes.node(3), nodes.node(2), "from an outpost");
  }

  private static String home(int at, int outpost) {
    for (JsonNode node : nodes.api(at).get("/api/v1/nodes").path("items")) {
      if (node.path("id").asText().equals(nodes.id(outpost))) {
        return node.path("home").asText();
      }
    }
    return "";
  }

  /** The member, n1 or n2, that is the home of an outpost. */
  private static int homeOf(int outpost) {
    await("home of n" + outpost)
        .atMost(SOON)
        .until(() -> Set.of(nodes.id(1), nodes.id(2)).contains(home(outpost, outpost)));
    return home(outpost, outpost).equals(nodes.id(1)) ? 1 : 2;
  }

  /** Waits until the outposts have another home, which the other member knows. */
  private static void awaitOtherHome(int before, String what) {
    long from = System.nanoTime();
    int other = 3 - before;
    for (int outpost = 3; outpost <= 4; outpost++) {
      int number = outpost;
      await("n" + number + " moves to n" + other)
          .atMost(SOON)
          .pollInterval(Duration.ofMillis(50))
          .ignoreExceptions()
          .until(() -> home(number, number).equals(nodes.id(other)));
    }
    Duration took = Duration.ofNanos(System.nanoTime() - from);
    System.out.printf("home %s: the outposts had another after %d ms%n", what, took.toMillis());
    assertThat(took).isLessThan(Duration.ofSeconds(10));
    for (int outpost = 3; outpost <= 4; outpost++) {
      int number = outpost;
      await("n" + other + " speaks for n" + number)
          .atMost(SOON)
          .ignoreExceptions()
          .until(() -> home(other, number).equals(nodes.id(other)));
    }
  }

  /** The outposts have links to both members, so that one may go. */
  private static void awaitLinks() {
    for (int outpost = 3; outpost <= 4; outpost++) {
      int number = outpost;
      await("links of n" + number)
          .atMost(SOON)
          .untilAsserted(
              () -> {
                Set<String> up = new TreeSet<>();
                nodes
                    .api(number)
                    .get("/api/v1/mesh/links")
                    .path("items")
                    .forEach(
                        link -> {
                          if (link.path("state").asText().equals("up")) {
                            up.add(link.path("peer").asText());
                          }
                        });
                assertThat(up).contains(nodes.id(1), nodes.id(2));
              });
    }
  }

  @Test
  void shouldFindAnotherHomeWhenItsHomeIsKilled() throws Exception {
    shouldBeListedEverywhere();
    awaitLinks();
    int killed = homeOf(3);
    int other = 3 - killed;

    int told = nodes.log(other).length();
    nodes.kill(killed);
    try {
      awaitOtherHome(killed, "killed");
      assertThat(names(other)).contains("n3", "n4");
      assertThat(nodes.log(other).substring(told))
          .as("n3 moves, and does not leave")
          .doesNotContain("node n3 (" + nodes.id(3) + ") left");
    } finally {
      nodes.start(killed);
      nodes.awaitReady(killed);
    }
    shouldBeListedEverywhere();
  }

  @Test
  void shouldFindAnotherHomeWhenItsHomeStandsStill() throws Exception {
    shouldBeListedEverywhere();
    awaitLinks();
    int frozen = homeOf(3);

    nodes.freeze(frozen);
    try {
      awaitOtherHome(frozen, "frozen");
    } finally {
      nodes.thaw(frozen);
    }
    shouldBeListedEverywhere();
  }

  @Test
  void shouldComeBackAfterItWasKilled() throws Exception {
    shouldBeListedEverywhere();
    await("subnet of n4").atMost(SOON).until(() -> !nodes.subnetOf(4).isEmpty());
    String subnet = nodes.subnetOf(4);

    nodes.kill(4);
    try {
      await("n4 is gone").atMost(SOON).until(() -> !names(2).contains("n4"));
    } finally {
      nodes.start(4);
      nodes.awaitReady(4);
    }

    shouldBeListedEverywhere();
    await("subnet of n4").atMost(SOON).until(() -> nodes.subnetOf(4).equals(subnet));
  }
}
