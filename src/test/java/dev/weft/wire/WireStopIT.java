package dev.weft.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that is to leave nothing behind when it stops. */
@Needs({Need.ROOT, Need.IPROUTE2})
class WireStopIT {
  private static final Duration WITHIN = Duration.ofSeconds(15);

  /** Of thousands of wires, before whoever stops the node loses patience. */
  private static final Duration STOPPED_WITHIN = Duration.ofSeconds(30);

  @TempDir Path directory;

  @Test
  void shouldTakeWiresOfEveryKindAwayAndMakeThemAgain() throws Exception {
    try (TestNetns one = TestNetns.create("p1");
        TestNetns two = TestNetns.create("p2");
        TestNetns three = TestNetns.create("p3");
        ProcessCluster cluster =
            ProcessCluster.start(
                directory, 2, "wires: { on-stop: remove }\nsubnets: { on-stop: remove }")) {
      // Given
      cluster.pod(1, "p1", one);
      cluster.pod(2, "p2", two);
      cluster.pod(1, "p3", three);
      cluster.link(1, 1, "p1", "12.12.1.1/24", 2, "p2", "12.12.1.2/24", "");
      cluster.link(2, 1, "p1", "12.12.2.1/24", 2, "p2", "12.12.2.2/24", ", \"kind\": \"vxlan\"");
      cluster.link(3, 1, "p1", "12.12.3.1/24", 1, "p3", "12.12.3.2/24", "");
      attach(cluster, "p3", 4);
      await(three, "lo", "eth3", "eth4");
      assertThat(linksIn(one)).containsExactlyInAnyOrder("lo", "eth1", "eth2", "eth3");

      // When
      int exit = cluster.stop(1);

      // Then
      assertThat(exit).isZero();
      assertThat(linksIn(one)).containsExactly("lo");
      assertThat(linksIn(three)).containsExactly("lo");
      assertThat(linksIn(cluster.host(1))).containsExactlyInAnyOrder("lo", "eth0");
      assertThat(Netns.list()).doesNotContain("weft-" + cluster.id(1));
      assertThat(linksIn(two)).contains("eth1", "eth2");

      // When
      cluster.start(1);
      cluster.awaitReady(1);

      // Then
      await(one, "lo", "eth1", "eth2", "eth3");
      await(three, "lo", "eth3", "eth4");
      Awaitility.await("ping over the grpc wire").atMost(WITHIN).until(() -> answers(one));
    }
  }

  @Test
  @Tag("long")
  void shouldTakeThousandsAwayInSeconds() throws Exception {
    int wires = Integer.getInteger("stop.wires", 2000);
    try (TestNetns one = TestNetns.create("p1");
        TestNetns two = TestNetns.create("p2");
        ProcessCluster cluster =
            ProcessCluster.start(
                directory, 2, "wires: { on-stop: remove }\nsubnets: { on-stop: remove }")) {
      // Given
      cluster.pod(1, "p1", one);
      cluster.pod(2, "p2", two);
      cluster
          .api(1)
          .send(
              "POST",
              "/api/v1/topologies",
              "application/yaml",
              many("p1", "p2") + many("p2", "p1"));
      Awaitility.await()
          .atMost(Duration.ofMinutes(5))
          .pollInterval(Duration.ofSeconds(1))
          .until(() -> up(cluster) == wires);

      // When
      long began = System.nanoTime();
      cluster.process(1).toHandle().destroy();
      assertThat(cluster.process(1).waitFor(10, TimeUnit.MINUTES)).isTrue();

      // Then
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      System.out.printf("%d wires removed and stopped in %d ms%n", wires, took.toMillis());
      assertThat(took).isLessThan(STOPPED_WITHIN);
      assertThat(cluster.process(1).exitValue()).as(cluster.log(1)).isZero();
      assertThat(linksIn(one)).containsExactly("lo");
      assertThat(Netns.list()).doesNotContain("weft-" + cluster.id(1));
    }
  }

  private static int up(ProcessCluster cluster) {
    return cluster.api(1).get("/api/v1/wires?limit=1").path("states").path("up").asInt();
  }

  /** A topology object of a pod with many links to another one. */
  private static String many(String pod, String peer) {
    StringBuilder yaml =
        new StringBuilder(
            """
            ---
            apiVersion: networkop.co.uk/v1beta1
            kind: Topology
            metadata: { name: %s }
            spec:
              links:
            """
                .formatted(pod));
    for (int i = 1; i <= Integer.getInteger("stop.wires", 2000); i++) {
      yaml.append(
          "    - { uid: %d, peer_pod: %s, local_intf: e%d, peer_intf: e%d }%n"
              .formatted(i, peer, i, i));
    }
    return yaml.toString();
  }

  /** Joins a pod of node 1 to its device eth0. */
  private static void attach(ProcessCluster cluster, String pod, int uid) {
    String topology =
        """
        apiVersion: networkop.co.uk/v1beta1
        kind: Topology
        metadata: { name: %s }
        spec:
          links:
            - { uid: %d, peer_pod: localhost, local_intf: eth%d, peer_intf: eth0 }
        """
            .formatted(pod, uid, uid);
    cluster.api(1).send("POST", "/api/v1/topologies", "application/yaml", topology);
  }

  private static boolean answers(TestNetns pod) throws Exception {
    try (Netns netns = pod.open()) {
      InetAddress peer = InetAddress.getByName("12.12.1.2");
      return IcmpEcho.ping(netns, peer, 1472, true, Duration.ofMillis(500)).isPresent();
    } catch (LinuxException e) {
      // No address yet.
      return false;
    }
  }

  private static void await(TestNetns pod, String... links) {
    Awaitility.await()
        .atMost(WITHIN)
        .untilAsserted(() -> assertThat(linksIn(pod)).containsExactlyInAnyOrder(links));
  }

  private static List<String> linksIn(TestNetns netns) throws Exception {
    try (Netns open = netns.open();
        Netlink inside = Netlink.open(open)) {
      return inside.links().stream().map(Link::name).toList();
    }
  }
}
