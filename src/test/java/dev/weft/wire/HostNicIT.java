package dev.weft.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import dev.weft.testkit.FramePort;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Wires whose one end is an interface of a node's host: the near end of a cable, here a veth, to a
 * host of the LAN.
 */
@Needs({Need.ROOT, Need.IPROUTE2})
class HostNicIT {
  private static final Duration WITHIN = Duration.ofSeconds(20);

  /** LLDP's address, which no bridge passes on. */
  private static final String LLDP = "0180c200000e";

  @TempDir static Path directory;
  private static ProcessCluster cluster;
  private static TestNetns pod;
  private static int uid;

  @BeforeAll
  static void start() throws Exception {
    pod = TestNetns.create("p1");
    cluster = ProcessCluster.start(directory, 2, "wires: { carrier: follow }");
    cluster.pod(1, "p1", pod);
    for (int node = 1; node <= 2; node++) {
      cluster
          .api(node)
          .send(
              "PUT", "/api/v1/pods/default/h" + node, "application/json", "{\"netns\": \"host\"}");
    }
  }

  @AfterAll
  static void end() throws Exception {
    cluster.close();
    pod.close();
  }

  @Test
  void shouldBeOneCableFromAPodToANicOfAnotherNode() throws Exception {
    int n = ++uid;
    try (TestNetns lan = cable(2, n)) {
      String id = link(n, "p1", "h2");
      awaitState(1, id, "up");

      awaitPing(n, 1472);
      shouldCarryUnchanged(n, lan, LLDP, "88cc", "8100 0064 0806", "8100 0fff 8100 0001 86dd");

      assertThat(nic(2, n)).contains("promiscuity 1");
      cluster.api(1).delete("/api/v1/wires/" + id);
      Awaitility.await().atMost(WITHIN).until(() -> nic(2, n).contains("promiscuity 0"));
      assertThat(nic(2, n)).contains("state UP").contains(" nic" + n);
    }
  }

  @Test
  void shouldBeOneCableToANicOfThePodsOwnNode() throws Exception {
    int n = ++uid;
    try (TestNetns lan = cable(1, n)) {
      String id = link(n, "p1", "h1");
      awaitState(1, id, "up");

      awaitPing(n, 1472);
      shouldCarryUnchanged(n, lan, LLDP, "88cc", "8100 0064 0806");
      JsonNode wire = cluster.api(1).get("/api/v1/wires/" + id);
      assertThat(wire.path("kind").asText()).isEqualTo("patch");
      assertThat(wire.at("/local/pod").asText()).isEqualTo("default/p1");
      assertThat(wire.at("/sent/frames").asLong()).isPositive();
      assertThat(wire.at("/received/frames").asLong()).isPositive();

      cluster.host(1).run("ip", "link", "del", "nic" + n);

      awaitReason(1, id, "interface nic%d of the host is not there".formatted(n));
    }
  }

  @Test
  void shouldTakeThePodsCarrierWhileTheNicHasNone() throws Exception {
    int n = ++uid;
    try (TestNetns lan = cable(2, n)) {
      String id = link(n, "p1", "h2");
      awaitState(1, id, "up");

      lan.run("ip", "link", "set", "eth0", "down");

      awaitReason(2, id, "interface nic%d of the host has no carrier".formatted(n));
      Awaitility.await()
          .atMost(WITHIN)
          .until(() -> pod.run("ip", "link", "show", "eth" + n).contains("NO-CARRIER"));
      lan.run("ip", "link", "set", "eth0", "up");
      awaitState(1, id, "up");
      awaitPing(n, 56);
    }
  }

  @Test
  void shouldRefuseAnInterfaceThatWiresAreNotToUse() throws Exception {
    int n = ++uid;
    try (TestNetns lan = cable(2, n)) {
      String underlay = request(n, "p1", "h2", "eth0", "use").path("wire").asText();
      awaitReason(
          2,
          underlay,
          "interface eth0 of the host carries this node's own traffic: its address 10.99.0.2"
              + " (expected: another one, or nic: use-underlay)");
      String loopback = request(++uid, "p1", "h2", "lo", "use").path("wire").asText();
      awaitReason(2, loopback, "interface lo of the host has no Ethernet");
      String inPod = request(++uid, "h2", "p1", "eth77", "use").path("wire").asText();
      awaitReason(
          1, inPod, "nic of default/p1:eth77: use (expected: a pod of the host's namespace");

      String first = request(++uid, "p1", "h2", "nic" + n, "use").path("wire").asText();
      awaitState(1, first, "up");
      cluster
          .api(2)
          .send("PUT", "/api/v1/pods/default/again", "application/json", "{\"netns\": \"host\"}");
      String second = request(++uid, "p1", "again", "nic" + n, "use").path("wire").asText();
      awaitReason(2, second, "interface nic%d of the host is used by wire %s".formatted(n, first));
      assertThat(lan.run("ip", "link", "show", "eth0")).contains("UP");
    }
  }

  @Test
  void shouldMakeAnInterfaceOnTheHostAndKeepItOverARestart() throws Exception {
    int n = ++uid;
    String id =
        cluster
            .api(1)
            .send(
                "POST",
                "/api/v1/wires",
                "application/json",
                """
                {"uid": %d, "a": {"pod": "p1", "intf": "eth%d", "address": "%s/24"},
                 "b": {"pod": "h2", "intf": "lab%d", "address": "%s/24"}}
                """
                    .formatted(n, n, address(n, 1), n, address(n, 2)))
            .path("wire")
            .asText();
    awaitState(1, id, "up");
    awaitPing(n, 1472);
    String before = cluster.host(2).run("cat", "/sys/class/net/lab" + n + "/ifindex");

    cluster.kill(2);
    cluster.start(2);
    cluster.awaitReady(2);
    awaitState(2, id, "up");

    assertThat(cluster.host(2).run("cat", "/sys/class/net/lab" + n + "/ifindex")).isEqualTo(before);
    cluster.api(1).delete("/api/v1/wires/" + id);
    Awaitility.await()
        .atMost(WITHIN)
        .until(() -> !cluster.host(2).run("ip", "-o", "link").contains("lab" + n));
  }

  /** A NIC of a node with a host at its other end. */
  private static TestNetns cable(int node, int n) throws Exception {
    TestNetns lan = TestNetns.create("lan" + n);
    TestNetns host = cluster.host(node);
    String cable = "nic" + n;
    host.run(
        "ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", lan.name());
    host.run("ip", "link", "set", cable, "up");
    lan.run("ip", "addr", "add", address(n, 2) + "/24", "dev", "eth0");
    lan.run("ip", "link", "set", "eth0", "up");
    return lan;
  }

  private static String link(int n, String pod, String host) {
    return request(n, pod, host, "nic" + n, "use").path("wire").asText();
  }

  private static JsonNode request(int n, String a, String b, String nic, String use) {
    return cluster
        .api(1)
        .send(
            "POST",
            "/api/v1/wires",
            "application/json",
            """
            {"uid": %d, "a": {"pod": "%s", "intf": "eth%d", "address": "%s/24"},
             "b": {"pod": "%s", "intf": "%s", "nic": "%s"}}
            """
                .formatted(n, a, n, address(n, 1), b, nic, use));
  }

  private static void awaitState(int node, String id, String state) {
    Awaitility.await("wire " + id + " " + state)
        .atMost(WITHIN)
        .ignoreExceptions()
        .untilAsserted(
            () ->
                assertThat(cluster.api(node).get("/api/v1/wires/" + id).path("state").asText())
                    .isEqualTo(state));
  }

  private static void awaitReason(int node, String id, String reason) {
    Awaitility.await("reason of wire " + id)
        .atMost(WITHIN)
        .ignoreExceptions()
        .untilAsserted(
            () ->
                assertThat(cluster.api(node).get("/api/v1/wires/" + id).path("reason").asText())
                    .startsWith(reason));
  }

  /** Frames of 60 bytes with these types, tags included, both ways. */
  private static void shouldCarryUnchanged(int n, TestNetns lan, String to, String... types)
      throws Exception {
    try (FramePort inPod = FramePort.open(pod, "eth" + n);
        FramePort onLan = FramePort.open(lan, "eth0")) {
      for (String type : types) {
        byte[] head = HexFormat.of().parseHex(to + FramePort.SOURCE + type.replace(" ", ""));
        byte[] frame = Arrays.copyOf(head, 60);
        frame[59] = 7;
        inPod.send(frame);
        assertThat(onLan.receive(WITHIN)).as("to the LAN: " + type).isEqualTo(frame);
        onLan.send(frame);
        assertThat(inPod.receive(WITHIN)).as("from the LAN: " + type).isEqualTo(frame);
      }
    }
  }

  private static String nic(int node, int n) throws Exception {
    return cluster.host(node).run("ip", "-d", "link", "show", "nic" + n);
  }

  private static String address(int n, int end) {
    return "12.15." + n + "." + end;
  }

  private static void awaitPing(int n, int payload) {
    Awaitility.await("ping over link " + n)
        .atMost(WITHIN)
        .until(
            () -> {
              try (Netns netns = pod.open()) {
                return IcmpEcho.ping(
                        netns,
                        InetAddress.getByName(address(n, 2)),
                        payload,
                        true,
                        Duration.ofMillis(500))
                    .isPresent();
              } catch (LinuxException e) {
                return false;
              }
            });
  }
}
