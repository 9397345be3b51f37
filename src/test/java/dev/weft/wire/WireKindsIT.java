package dev.weft.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
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

/** The kinds of wires, and what of a link can be changed while it stands. */
@Needs({Need.ROOT, Need.IPROUTE2})
class WireKindsIT {
  private static final Duration WITHIN = Duration.ofSeconds(15);

  @TempDir static Path directory;
  private static ProcessCluster cluster;
  private static TestNetns one;
  private static TestNetns two;
  private static int uid;

  @BeforeAll
  static void start() throws Exception {
    one = TestNetns.create("p1");
    two = TestNetns.create("p2");
    cluster = ProcessCluster.start(directory, 2, "wires: { carrier: follow }");
    cluster.pod(1, "p1", one);
    cluster.pod(2, "p2", two);
  }

  @AfterAll
  static void end() throws Exception {
    cluster.close();
    one.close();
    two.close();
  }

  @Test
  void shouldJoinByVxlanWithTheMtuThatTheUnderlayLeaves() throws Exception {
    int n = ++uid;

    link(n, ", \"kind\": \"vxlan\", \"mtu\": 1500");

    awaitPing(n, 1450 - 28);
    assertThat(linkOf(one, n).mtu()).isEqualTo(1450);
    Awaitility.await()
        .atMost(WITHIN)
        .untilAsserted(
            () -> {
              JsonNode wire = wireOf(n);
              assertThat(wire.path("mtu").asInt()).isEqualTo(1450);
              assertThat(wire.at("/sent/bytes").asLong()).isGreaterThan(1450);
              assertThat(wire.at("/received/frames").asLong()).isPositive();
            });
    assertThat(linkOf(one, n).vxlan()).get().extracting(v -> v.vni()).isEqualTo(5000 + n);
  }

  @Test
  void shouldRefuseAnMtuThatAVxlanCannotHave() {
    int n = ++uid;

    JsonNode made = request(n, ", \"kind\": \"vxlan\", \"mtu\": 1480");

    Awaitility.await()
        .atMost(WITHIN)
        .untilAsserted(
            () -> {
              JsonNode wire = cluster.api(1).get("/api/v1/wires/" + made.path("wire").asText());
              assertThat(wire.path("state").asText()).isEqualTo("failed");
              assertThat(wire.path("reason").asText())
                  .isEqualTo("mtu: 1480 (expected: at most 1450 for a vxlan link over eth0)");
            });
  }

  @Test
  void shouldChangeTheMtuInPlace() throws Exception {
    int n = ++uid;
    link(n, "");
    awaitPing(n, 1472);
    Link before = linkOf(one, n);

    link(n, ", \"mtu\": 4000");

    awaitPing(n, 4000 - 28);
    assertThat(linkOf(one, n).index()).as("the same interface").isEqualTo(before.index());
  }

  @Test
  void shouldGiveAnEndTheMacAndTheSecondNameThatItAsksFor() throws Exception {
    int n = ++uid;
    link(n, "");

    request(
        """
        {"uid": %d, "a": {"pod": "p1", "intf": "eth%d", "mac": "02:00:00:00:05:0A", "name": "Ethernet1/%d"},
         "b": {"pod": "p2", "intf": "eth%d"}}
        """
            .formatted(n, n, n, n));

    Awaitility.await()
        .atMost(WITHIN)
        // While it is made anew there is none.
        .ignoreException(LinuxException.class)
        .untilAsserted(
            () -> {
              assertThat(linkOf(one, n).mac()).isEqualTo("02:00:00:00:05:0a");
              assertThat(wireOf(n).path("state").asText()).isEqualTo("up");
            });
    assertThat(one.run("ip", "-o", "link", "show", "Ethernet1/" + n)).contains("eth" + n);
    request(
        """
        {"uid": %d, "a": {"pod": "p1", "intf": "eth%d"}, "b": {"pod": "p2", "intf": "eth%d"}}
        """
            .formatted(n, n, n));
    Awaitility.await()
        .atMost(WITHIN)
        .ignoreException(LinuxException.class)
        .untilAsserted(() -> assertThat(linkOf(one, n).mac()).isNotEqualTo("02:00:00:00:05:0a"));
  }

  @Test
  void shouldSwitchBetweenTheEndsOfASegment() throws Exception {
    try (TestNetns a = TestNetns.create("g1");
        TestNetns b = TestNetns.create("g2");
        TestNetns c = TestNetns.create("g3")) {
      cluster.pod(1, "g1", a);
      cluster.pod(1, "g2", b);
      cluster.pod(2, "g3", c);
      cluster
          .api(1)
          .send(
              "PUT",
              "/api/v1/pods/default/lan",
              "application/json",
              "{\"netns\": \"segment:lldp\"}");
      for (int end = 1; end <= 3; end++) {
        request(
            """
            {"uid": %d, "a": {"pod": "g%d", "intf": "eth1", "address": "12.16.0.%d/24"},
             "b": {"pod": "lan", "intf": "p%d"}}
            """
                .formatted(++uid, end, end, end));
      }

      awaitPing(a, "12.16.0.2", 1472);
      awaitPing(c, "12.16.0.1", 1472);
      awaitPing(b, "12.16.0.3", 1472);

      try (FramePort atA = FramePort.open(a, "eth1");
          FramePort atB = FramePort.open(b, "eth1");
          FramePort atC = FramePort.open(c, "eth1")) {
        byte[] lldp = frame("0180c200000e", "8100 0064 88cc");
        byte[] lacp = frame("0180c2000002", "8809");
        byte[] toB = frame(linkOf(b, 1).mac().replace(":", ""), "88b5");
        byte[] toAll = frame("ffffffffffff", "88b5");

        atC.send(lldp);
        assertThat(atA.receive(WITHIN)).isEqualTo(lldp);
        assertThat(atB.receive(WITHIN)).isEqualTo(lldp);
        atA.send(lacp);
        atA.send(toB);
        atA.send(toAll);

        assertThat(atB.receive(WITHIN)).as("LACP was not asked for").isEqualTo(toB);
        assertThat(atB.receive(WITHIN)).isEqualTo(toAll);
        assertThat(atC.receive(WITHIN)).as("where B is is known").isEqualTo(toAll);
      }

      cluster.api(1).delete("/api/v1/pods/default/lan");
      Awaitility.await("no carrier, or no interface")
          .atMost(WITHIN)
          .until(
              () ->
                  c.run("ip", "-o", "link")
                      .lines()
                      .noneMatch(l -> l.contains(" eth1") && !l.contains("NO-CARRIER")));
    }
  }

  /** A frame of 60 bytes of a test's port, with this type and tags before it. */
  private static byte[] frame(String to, String type) {
    String head = to + FramePort.SOURCE + type.replace(" ", "");
    return Arrays.copyOf(HexFormat.of().parseHex(head), 60);
  }

  @Test
  void shouldHaveAnOpenEndWithoutCarrierUntilItIsJoined() throws Exception {
    int n = ++uid;
    try (TestNetns a = TestNetns.create("o1");
        TestNetns b = TestNetns.create("o2")) {
      cluster.pod(1, "o1", a);
      request(
          """
          {"uid": %d, "open": true, "a": {"pod": "o1", "intf": "eth%d"}, "b": {"pod": "o2", "intf": "eth%d"}}
          """
              .formatted(n, n, n));
      Awaitility.await()
          .atMost(WITHIN)
          .ignoreExceptions()
          .until(() -> linkOf(a, n).up() && !linkOf(a, n).carrier());
      assertThat(wireOf(n).path("state").asText()).isEqualTo("waiting");
      assertThat(wireOf(n).path("reason").asText()).isEqualTo("no other end yet: pod default/o2");
      Link before = linkOf(a, n);

      cluster.pod(2, "o2", b);

      Awaitility.await().atMost(WITHIN).until(() -> linkOf(a, n).carrier());
      assertThat(linkOf(a, n).index()).as("the same interface").isEqualTo(before.index());
      cluster.api(2).delete("/api/v1/pods/default/o2");
      Awaitility.await().atMost(WITHIN).until(() -> !linkOf(a, n).carrier());
      assertThat(linkOf(a, n).index()).as("still").isEqualTo(before.index());
    }
  }

  @Test
  void shouldChangeTheKindAndBack() throws Exception {
    int n = ++uid;
    link(n, "");
    awaitPing(n, 1472);

    link(n, ", \"kind\": \"vxlan\"");
    Awaitility.await().atMost(WITHIN).until(() -> linkOf(one, n).kind().equals("vxlan"));
    awaitPing(n, 1422);
    link(n, ", \"kind\": \"grpc\"");
    Awaitility.await().atMost(WITHIN).until(() -> linkOf(one, n).kind().equals("veth"));

    awaitPing(n, 1472);
  }

  @Test
  void shouldCutAVxlanAndMendIt() throws Exception {
    int n = ++uid;
    link(n, ", \"kind\": \"vxlan\"");
    awaitPing(n, 1422);

    cut(n, "PUT");

    Awaitility.await().atMost(WITHIN).until(() -> !linkOf(one, n).carrier());
    assertThat(linkOf(one, n).up()).as("only its carrier is gone").isTrue();
    awaitState(n, "down cut by command");
    cut(n, "DELETE");
    awaitPing(n, 1422);
    awaitState(n, "up null");
  }

  @Test
  void shouldTellOfTheEndsOfAVethAndCutThem() throws Exception {
    try (TestNetns a = TestNetns.create("t1");
        TestNetns b = TestNetns.create("t2")) {
      cluster.pod(1, "t1", a);
      cluster.pod(1, "t2", b);
      int n = ++uid;
      cluster.link(n, 1, "t1", "12.15.0.1/24", 1, "t2", "12.15.0.2/24", "");

      b.run("ip", "link", "set", "eth" + n, "down");
      awaitState(n, "down eth" + n + " of default/t2 is down");
      assertThat(linkOf(a, n).carrier()).isFalse();
      b.run("ip", "link", "set", "eth" + n, "up", "mtu", "1300");
      awaitState(n, "up eth" + n + " of default/t2 has MTU 1300 (expected: 1500)");

      cut(n, "PUT");
      awaitState(n, "down cut by command");
      Awaitility.await()
          .atMost(WITHIN)
          .until(() -> !linkOf(a, n).carrier() && !linkOf(b, n).carrier());
      cut(n, "DELETE");

      Awaitility.await()
          .atMost(WITHIN)
          .until(() -> linkOf(a, n).carrier() && linkOf(b, n).carrier());
      awaitState(n, "up eth" + n + " of default/t2 has MTU 1300 (expected: 1500)");
    }
  }

  @Test
  void shouldAttachAPodToADeviceOfItsNode() throws Exception {
    int n = ++uid;
    try (Netns host = cluster.host(1).open();
        Netlink onHost = Netlink.open(host)) {
      onHost.setUp(onHost.createBridge("lab0").index());
    }
    String topology =
        """
        apiVersion: networkop.co.uk/v1beta1
        kind: Topology
        metadata: { name: p1 }
        spec:
          links:
            - { uid: %d, peer_pod: localhost, local_intf: eth%d, local_ip: 172.17.0.199/16, peer_intf: lab0 }
        """
            .formatted(n, n);

    cluster.api(1).send("POST", "/api/v1/topologies", "application/yaml", topology);

    Awaitility.await()
        .atMost(WITHIN)
        .ignoreExceptions()
        .untilAsserted(
            () -> {
              assertThat(linkOf(one, n).kind()).isEqualTo("macvlan");
              assertThat(
                      cluster
                          .api(1)
                          .get("/api/v1/topologies/default/p1")
                          .path("links")
                          .path(0)
                          .path("state")
                          .asText())
                  .isEqualTo("up");
            });
  }

  @Test
  void shouldTakeAwayAVethWhoseTwoPodsAreForgotten() throws Exception {
    try (TestNetns a = TestNetns.create("q1");
        TestNetns b = TestNetns.create("q2")) {
      cluster.pod(1, "q1", a);
      cluster.pod(1, "q2", b);
      cluster.link(++uid, 1, "q1", "12.13.0.1/24", 1, "q2", "12.13.0.2/24", "");
      assertThat(linkOf(a, uid).kind()).isEqualTo("veth");
      // IPv6's own: reports of multicast groups.
      Awaitility.await().atMost(WITHIN).until(() -> wireOf(uid).at("/sent/frames").asLong() > 0);

      cluster.api(1).delete("/api/v1/pods/default/q1");
      cluster.api(1).delete("/api/v1/pods/default/q2");

      awaitNoInterfaceIn(a, b);
    }
  }

  @Test
  void shouldTakeAwayAVethOfWhichOnePodIsForgotten() throws Exception {
    try (TestNetns a = TestNetns.create("s1");
        TestNetns b = TestNetns.create("s2")) {
      cluster.pod(1, "s1", a);
      cluster.pod(1, "s2", b);
      cluster.link(++uid, 1, "s1", "12.14.0.1/24", 1, "s2", "12.14.0.2/24", "");
      assertThat(linkOf(a, uid).kind()).isEqualTo("veth");

      cluster.api(1).delete("/api/v1/pods/default/s1");

      awaitNoInterfaceIn(a, b);
    }
  }

  /** But loopback. */
  private static void awaitNoInterfaceIn(TestNetns... pods) {
    Awaitility.await()
        .atMost(WITHIN)
        .untilAsserted(
            () -> {
              for (TestNetns pod : pods) {
                assertThat(pod.run("ip", "-o", "link").lines()).hasSize(1);
              }
            });
  }

  @Test
  void shouldLeaveNoVxlanInTheNamespaceThatAPodHadBefore() throws Exception {
    try (TestNetns before = TestNetns.create("v1");
        TestNetns after = TestNetns.create("v2")) {
      cluster.pod(1, "v1", before);
      int n = ++uid;
      String vxlan = ", \"kind\": \"vxlan\"";
      cluster.link(n, 1, "v1", address(n, 1) + "/24", 2, "p2", address(n, 2) + "/24", vxlan);
      assertThat(linkOf(before, n).kind()).isEqualTo("vxlan");

      cluster.pod(1, "v1", after);

      Awaitility.await()
          .atMost(WITHIN)
          .untilAsserted(
              () -> {
                assertThat(before.run("ip", "-o", "link").lines()).hasSize(1);
                assertThat(after.run("ip", "-o", "link")).contains("eth" + n);
              });
    }
  }

  private static void link(int n, String more) {
    cluster.link(n, 1, "p1", address(n, 1) + "/24", 2, "p2", address(n, 2) + "/24", more);
  }

  private static JsonNode request(int n, String more) {
    return request(
        """
        {"uid": %d, "a": {"pod": "p1", "intf": "eth%d"}, "b": {"pod": "p2", "intf": "eth%d"}%s}
        """
            .formatted(n, n, n, more));
  }

  private static JsonNode request(String link) {
    return cluster.api(1).send("POST", "/api/v1/wires", "application/json", link);
  }

  private static JsonNode wireOf(int n) {
    for (JsonNode wire : cluster.api(1).get("/api/v1/wires").path("items")) {
      if (wire.path("uid").asInt() == n) {
        return wire;
      }
    }
    throw new AssertionError("no wire of uid " + n);
  }

  private static void cut(int n, String method) {
    String path = "/api/v1/wires/" + wireOf(n).path("id").asText() + "/cut";
    cluster.api(1).send(method, path, "application/json", "");
  }

  private static void awaitState(int n, String expected) {
    Awaitility.await()
        .atMost(WITHIN)
        .untilAsserted(
            () -> {
              JsonNode wire = wireOf(n);
              assertThat(wire.path("state").asText() + " " + wire.path("reason").asText("null"))
                  .isEqualTo(expected);
            });
  }

  private static String address(int n, int end) {
    return "12.12." + n + "." + end;
  }

  private static void awaitPing(int n, int payload) {
    awaitPing(one, address(n, 2), payload);
  }

  private static void awaitPing(TestNetns from, String to, int payload) {
    Awaitility.await("ping to " + to + " with " + payload + " bytes")
        .atMost(WITHIN)
        .until(
            () -> {
              try (Netns netns = from.open()) {
                return IcmpEcho.ping(
                        netns, InetAddress.getByName(to), payload, true, Duration.ofMillis(500))
                    .isPresent();
              } catch (LinuxException e) {
                return false;
              }
            });
  }

  private static Link linkOf(TestNetns pod, int n) throws Exception {
    try (Netns netns = pod.open();
        Netlink inPod = Netlink.open(netns)) {
      return inPod.require("eth" + n);
    }
  }
}
