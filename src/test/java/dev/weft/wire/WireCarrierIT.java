package dev.weft.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.Link;
import dev.weft.linux.LinkMonitor;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a pod sees of its interface while the other end is away or down, with wires.carrier: follow.
 */
@Tag("alone")
@Needs({Need.ROOT, Need.IPROUTE2})
class WireCarrierIT {
  /** A peer that says nothing is given up after 4 s. */
  private static final Duration WITHIN = Duration.ofSeconds(15);

  @TempDir static Path directory;
  private static ProcessCluster cluster;
  private static TestNetns one;
  private static TestNetns two;
  private static String wire;

  @BeforeAll
  static void start() throws Exception {
    one = TestNetns.create("p1");
    two = TestNetns.create("p2");
    cluster = ProcessCluster.start(directory, 2, "wires: { carrier: follow }");
    cluster.pod(1, "p1", one);
    cluster.pod(2, "p2", two);
    wire = cluster.link(1, 1, "p1", "12.12.12.1/24", 2, "p2", "12.12.12.2/24", "");
    awaitCarrier("of the wire that is up", true);
  }

  @AfterAll
  static void end() throws Exception {
    cluster.close();
    one.close();
    two.close();
  }

  @Test
  void shouldGoWithAPeerThatStandsStillAndComeBackWithIt() throws Exception {
    cluster.freeze(2);
    awaitCarrier("while the peer stands still", false);

    cluster.thaw(2);
    awaitCarrier("once it goes on", true);
  }

  @Test
  void shouldGoWithAPeerThatDiesAndComeBackWithIt() throws Exception {
    cluster.kill(2);
    awaitCarrier("while the peer is dead", false);

    restartWith("follow", "keep");
    awaitCarrier("of a node that keeps it now", true);

    cluster.start(2);
    cluster.awaitReady(2);
    cluster.api(2).send("PUT", "/api/v1/wires/" + wire + "/cut", "application/json", "");
    awaitCarrier("of a wire that is cut, wherever carriers are kept", false);
    restartWith("keep", "follow");
    awaitState(1, "down", "cut by command");
    awaitState(2, "down", "cut by command");
    assertThat(hasCarrier(one)).as("the wire is cut still").isFalse();
    assertThat(hasCarrier(two)).as("the other end of it").isFalse();

    cluster.api(1).delete("/api/v1/wires/" + wire + "/cut");

    awaitCarrier("once both are back, and the wire is mended", true);
    awaitState(2, "up", "null");
  }

  @Test
  void shouldGoAtOnceWithTheOtherPodsInterfaceAndComeBackWithIt() throws Exception {
    List<Long> away = new ArrayList<>();
    List<Long> back = new ArrayList<>();
    BlockingQueue<Link> heard = new LinkedBlockingQueue<>();
    try (Netns netns = one.open();
        LinkMonitor monitor = LinkMonitor.openAll(netns, link -> heard.add(link.orElseThrow()))) {
      for (int i = 0; i < 5; i++) {
        away.add(millisUntil(heard, false, () -> two.run("ip", "link", "set", "eth1", "down")));
        awaitState(1, "down", "eth1 of default/p2 is down");
        awaitState(2, "down", "eth1 of default/p2 is down");
        back.add(millisUntil(heard, true, () -> two.run("ip", "link", "set", "eth1", "up")));
        awaitState(1, "up", "null");
        awaitState(2, "up", "null");
      }
    }

    System.out.println("carrier: away after " + away + " ms, back after " + back + " ms");
    assertThat(away).allMatch(millis -> millis < 5000);
    assertThat(cluster.log(1)).contains("down: eth1 of default/p2 is down");
  }

  @Test
  void shouldNotLetTwoEndsThatAreDownWaitForEachOther() throws Exception {
    one.run("ip", "link", "set", "eth1", "down");
    awaitState(2, "down", "eth1 of default/p1 is down");
    two.run("ip", "link", "set", "eth1", "down");
    awaitState(1, "down", "eth1 of default/p1 and eth1 of default/p2 are down");

    one.run("ip", "link", "set", "eth1", "up");
    awaitState(1, "down", "eth1 of default/p2 is down");
    assertThat(hasCarrier(one)).isFalse();
    two.run("ip", "link", "set", "eth1", "up");

    awaitState(1, "up", "null");
    awaitState(2, "up", "null");
    awaitCarrier("once both are up", true);
  }

  @Test
  void shouldSayThatAPodChangedItsMtu() throws Exception {
    two.run("ip", "link", "set", "eth1", "mtu", "1400");

    awaitState(1, "up", "eth1 of default/p2 has MTU 1400 (expected: 1500)");
    awaitState(2, "up", "eth1 of default/p2 has MTU 1400 (expected: 1500)");
    assertThat(cluster.api(2).get("/api/v1/wires/" + wire).path("mtu").asInt()).isEqualTo(1400);
    two.run("ip", "link", "set", "eth1", "mtu", "1500");
    awaitState(1, "up", "null");
  }

  /** How long after an action the pod is told of the carrier. */
  private static long millisUntil(
      BlockingQueue<Link> heard, boolean carrier, Callable<String> action) throws Exception {
    heard.clear();
    long before = System.nanoTime();
    action.call();
    Link link;
    do {
      link = heard.poll(10, TimeUnit.SECONDS);
      assertThat(link).as("told of a carrier %s", carrier).isNotNull();
    } while (link.carrier() != carrier);
    return (System.nanoTime() - before) / 1_000_000;
  }

  private static void awaitState(int node, String state, String reason) {
    Awaitility.await(node + " says " + state + ": " + reason)
        .atMost(WITHIN)
        .untilAsserted(
            () -> {
              JsonNode seen = cluster.api(node).get("/api/v1/wires/" + wire);
              assertThat(seen.path("state").asText() + " " + seen.path("reason").asText("null"))
                  .isEqualTo(state + " " + reason);
            });
  }

  private static void restartWith(String before, String now) throws Exception {
    cluster.kill(1);
    Path file = cluster.home(1).resolve("weft.yaml");
    Files.writeString(
        file, Files.readString(file).replace("carrier: " + before, "carrier: " + now));
    cluster.start(1);
    cluster.awaitReady(1);
  }

  private static void awaitCarrier(String when, boolean expected) {
    Awaitility.await("carrier " + when + " is " + expected)
        .atMost(WITHIN)
        .until(() -> hasCarrier(one), carrier -> carrier == expected);
  }

  private static boolean hasCarrier(TestNetns pod) throws Exception {
    try (Netns netns = pod.open();
        Netlink inPod = Netlink.open(netns)) {
      return inPod.require("eth1").carrier();
    }
  }
}
