package dev.weft.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.linux.IcmpEcho;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wires when nodes die. */
@Needs({Need.ROOT, Need.IPROUTE2})
class WireChaosIT {
  /** Usually one to two seconds. */
  private static final Duration BACK_WITHIN = Duration.ofSeconds(20);

  @TempDir static Path directory;
  private static ProcessCluster cluster;
  private static TestNetns one;
  private static TestNetns two;

  @BeforeAll
  static void joinTwoPods() throws Exception {
    one = TestNetns.create("p1");
    two = TestNetns.create("p2");
    cluster = ProcessCluster.start(directory, 2, "");
    cluster.pod(1, "p1", one);
    cluster.pod(2, "p2", two);
    cluster.link(1, 1, "p1", "12.12.12.1/24", 2, "p2", "12.12.12.2/24", "");
  }

  @BeforeEach
  void carries() {
    Awaitility.await("the wire carries").until(() -> answers(Duration.ofSeconds(1)));
  }

  @AfterAll
  static void end() throws Exception {
    cluster.close();
    one.close();
    two.close();
  }

  @Test
  void shouldKeepATcpConnectionOverTheDeathAndReturnOfANode() throws Exception {
    // Given a connection through the wire
    InetAddress target = InetAddress.getByName("12.12.12.2");
    try (ServerSocket server = inside(two, () -> new ServerSocket(7, 1, target));
        Socket client = inside(one, () -> new Socket(target, 7));
        Socket accepted = server.accept()) {
      client.setSoTimeout(20_000);
      assertEchoes(client, accepted, 1);
      String address = two.run("ip", "-o", "link", "show", "eth1");

      // When
      cluster.kill(2);
      cluster.start(2);
      cluster.awaitReady(2);
      long ready = System.nanoTime();
      Awaitility.await("wire carries again")
          .atMost(BACK_WITHIN)
          .until(() -> answers(Duration.ofMillis(200)));
      long back = System.nanoTime() - ready;

      // Then
      System.out.printf("wire back %d ms after the killed node was ready%n", back / 1_000_000);
      assertEchoes(client, accepted, 2);
      assertThat(two.run("ip", "-o", "link", "show", "eth1"))
          .as("the pod's interface never went")
          .isEqualTo(address);
    }
  }

  @Test
  void shouldLeaveAPodThatMovedMeanwhileToItsNewNode() throws Exception {
    try (TestNetns earlier = TestNetns.create("p1")) {
      cluster.pod(1, "p3", earlier);
      cluster.pod(1, "p3", one);
      cluster.kill(1);
      Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> cluster.members(2) == 1);
      cluster.pod(2, "p3", two);

      cluster.start(1);
      cluster.awaitReady(1);

      Awaitility.await("p3 is node 2's alone")
          .atMost(BACK_WITHIN)
          .untilAsserted(
              () -> {
                assertThat(podsOf(1)).doesNotContain("default/p3");
                assertThat(podsOf(2)).contains("default/p3");
              });
    }
  }

  @Test
  void shouldNotBringBackAPodThatMovedAndWasRemovedMeanwhile() throws Exception {
    try (TestNetns earlier = TestNetns.create("p4")) {
      cluster.pod(1, "p4", earlier);
      cluster.kill(1);
      cluster.pod(2, "p4", two);
      cluster.api(2).delete("/api/v1/pods/default/p4");

      cluster.start(1);
      cluster.awaitReady(1);
      cluster.awaitMembers(2);

      Awaitility.await("p4 is nobody's")
          .atMost(BACK_WITHIN)
          .during(Duration.ofMillis(500))
          .untilAsserted(
              () -> {
                assertThat(podsOf(1)).doesNotContain("default/p4");
                assertThat(podsOf(2)).doesNotContain("default/p4");
              });
    }
  }

  /** Names of the pods that are registered on a node. */
  private static List<String> podsOf(int node) {
    return cluster.api(node).get("/api/v1/pods").path("items").findValuesAsText("ref");
  }

  @Test
  void shouldBeBackAfterBothNodesWereKilled() throws Exception {
    cluster.kill(1);
    cluster.kill(2);
    cluster.start(1);
    cluster.start(2);
    cluster.awaitReady(1);
    cluster.awaitReady(2);

    Awaitility.await("wire carries again")
        .atMost(BACK_WITHIN)
        .until(() -> answers(Duration.ofMillis(200)));
  }

  @Test
  void shouldSayThatItWaitsWhileThePeerIsGone() throws Exception {
    cluster.kill(2);

    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(
                        cluster
                            .api(1)
                            .get("/api/v1/wires")
                            .path("items")
                            .path(0)
                            .path("state")
                            .asText())
                    .isNotEqualTo("up"));

    // Then, as wires.carrier is keep, the pod sees nothing of it
    try (Netns netns = one.open();
        Netlink inPod = Netlink.open(netns)) {
      assertThat(inPod.require("eth1").carrier()).as("carrier").isTrue();
    }
    cluster.start(2);
    cluster.awaitReady(2);
  }

  private static void assertEchoes(Socket client, Socket accepted, int value) throws Exception {
    OutputStream out = client.getOutputStream();
    InputStream in = accepted.getInputStream();
    out.write(value);
    out.flush();
    assertThat(in.read()).isEqualTo(value);
  }

  private static boolean answers(Duration timeout) throws Exception {
    try (Netns netns = one.open()) {
      return IcmpEcho.ping(netns, InetAddress.getByName("12.12.12.2"), 1000, true, timeout)
          .isPresent();
    } catch (LinuxException e) {
      return false;
    }
  }

  private static <T> T inside(TestNetns netns, java.util.concurrent.Callable<T> body)
      throws Exception {
    try (Netns open = netns.open()) {
      return open.call(body);
    }
  }
}
