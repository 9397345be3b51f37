package dev.weft.wire;

import static dev.weft.testkit.TestCluster.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.Snmp;
import dev.weft.testkit.TestCluster;
import dev.weft.testkit.TestNetns;
import dev.weft.testkit.Transfer;
import dev.weft.topology.LinkStatus;
import dev.weft.topology.SingleLink;
import dev.weft.topology.Topologies;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Wires between two real nodes, and what pods see of them. */
@Needs(Need.ROOT)
class WireIT {
  private static final Duration WITHIN = Duration.ofSeconds(10);
  private static final PodRef R1 = PodRef.parse("r1");
  private static final PodRef R2 = PodRef.parse("r2");

  @TempDir static Path directory;
  private static TestCluster cluster;

  /** A number of its own for each test's link, so that no test meets another's wire. */
  private static long uid;

  private TestNetns one;
  private TestNetns two;

  @BeforeAll
  static void startNodes() throws Exception {
    cluster = TestCluster.start(directory, 2);
  }

  @AfterAll
  static void stopNodes() throws Exception {
    cluster.close();
  }

  @BeforeEach
  void makePods() {
    one = TestNetns.create("r1");
    two = TestNetns.create("r2");
  }

  @AfterEach
  void removePods() throws Exception {
    for (WireStatus wire : await(wires(1).list())) {
      await(cluster.node(1).room(Topologies.class).removeLink(wire.spec().id()));
    }
    await().atMost(WITHIN).until(() -> await(wires(2).list()).isEmpty());
    for (int node = 1; node <= 2; node++) {
      for (Pod pod : await(pods(node).local())) {
        await(pods(node).remove(pod.ref()));
      }
    }
    one.close();
    two.close();
  }

  @Test
  void shouldCarryFullFramesBetweenNodes() throws Exception {
    // Given
    join(null, "12.12.12.1/24", "12.12.12.2/24");

    // When
    Optional<Duration> full = ping(one, "12.12.12.2", 1472);
    Optional<Duration> back = ping(two, "12.12.12.1", 1472);

    // Then
    assertThat(full).as("1500 bytes, not to be fragmented, r1 to r2").isPresent();
    assertThat(back).as("1500 bytes, not to be fragmented, r2 to r1").isPresent();
  }

  @Test
  void shouldCarryJumboFrames() throws Exception {
    join(9000, "12.12.12.1/24", "12.12.12.2/24");

    assertThat(ping(one, "12.12.12.2", 8972)).as("9000 bytes, not to be fragmented").isPresent();
  }

  @ParameterizedTest
  @CsvSource({"12.12.12.1, 12.12.12.2, 24", "fd00:12::1, fd00:12::2, 64"})
  void shouldCarryAGigabyteEachWayUnchanged(String addressA, String addressB, int prefix)
      throws Exception {
    // Given
    join(null, addressA + "/" + prefix, addressB + "/" + prefix);

    // When
    CompletableFuture<Transfer.Result> back = Transfer.start(two, one, addressA, 1L << 30);
    Transfer.Result forth = Transfer.tcp(one, two, addressB, 1L << 30);

    // Then
    System.out.printf(
        "1 GiB each way over a wire in mutual TLS, IPv%d: %.2f and %.2f Gbit/s%n",
        prefix == 24 ? 4 : 6, forth.gigabitsPerSecond(), back.get().gigabitsPerSecond());
    assertThat(forth.received()).as("CRC, r1 to r2").isEqualTo(forth.sent());
    assertThat(back.get().received()).as("CRC, r2 to r1").isEqualTo(back.get().sent());
    for (TestNetns pod : List.of(one, two)) {
      assertThat(Snmp.read(pod, "Tcp", "InCsumErrors")).as("TCP checksum errors").isZero();
    }
  }

  @Test
  void shouldCountFramesAndBytesOfBothDirections() throws Exception {
    String wire = join(null, "12.12.12.1/24", "12.12.12.2/24");
    WireStatus before = await(wires(1).get(wire));

    ping(one, "12.12.12.2", 1000);

    await()
        .atMost(WITHIN)
        .untilAsserted(
            () -> {
              WireStatus after = await(wires(1).get(wire));
              assertThat(after.sent().bytes() - before.sent().bytes()).isBetween(1042L, 3000L);
              assertThat(after.received().bytes() - before.received().bytes())
                  .isBetween(1042L, 3000L);
              assertThat(after.sent().frames()).isGreaterThan(before.sent().frames());
              assertThat(after.sent().drops()).isZero();
            });
  }

  @Test
  void shouldJoinPodsOfOneNodeByAVethPair() throws Exception {
    await(pods(1).put(R1, one.name()));
    await(pods(1).put(R2, two.name()));

    LinkStatus link = addLink(null, "12.12.12.1/24", "12.12.12.2/24");

    awaitUp(1, link.wire());
    assertThat(await(wires(1).get(link.wire())).spec().kind()).isEqualTo(WireKind.VETH);
    assertThat(ping(one, "12.12.12.2", 1472)).isPresent();
  }

  @Test
  void shouldJoinAPodAgainThatMovedToAnotherNode() throws Exception {
    // Given
    String wire = join(null, "12.12.12.1/24", "12.12.12.2/24");

    // When r2 is registered on the node that r1 is on
    try (TestNetns elsewhere = TestNetns.create("r2b")) {
      await(pods(1).put(R2, elsewhere.name()));

      // Then
      await()
          .atMost(WITHIN)
          .until(
              () ->
                  await(wires(1).list()).stream()
                      .anyMatch(
                          w -> w.spec().kind() == WireKind.VETH && w.state() == WireState.UP));
      assertThat(ping(one, "12.12.12.2", 1472)).isPresent();
      assertThat(linkIn(two, "eth1")).as("the interface in the pod's former place").isEmpty();
      assertThat(wire).isNotNull();
    }
  }

  @Test
  void shouldJoinAPodAgainWhoseNamespaceWasReplaced() throws Exception {
    // Given
    String wire = join(null, "12.12.12.1/24", "12.12.12.2/24");
    String name = two.name();

    // When
    Netns.delete(name);
    Netns.create(name);

    // Then
    await().atMost(WITHIN).until(() -> ping(one, "12.12.12.2", 1472).isPresent());
    awaitUp(2, wire);
  }

  @Test
  void shouldRemoveWhatItMadeAndNothingElse() throws Exception {
    // Given an interface of somebody else's in the same pod
    try (Netns pod = one.open();
        Netlink inPod = Netlink.open(pod)) {
      inPod.createBridge("mine");
    }
    String wire = join(null, "12.12.12.1/24", "12.12.12.2/24");

    // When
    await(cluster.node(2).room(Topologies.class).removeLink(wire));

    // Then
    await()
        .atMost(WITHIN)
        .untilAsserted(
            () -> {
              assertThat(linkIn(one, "eth1")).isEmpty();
              assertThat(linkIn(two, "eth1")).isEmpty();
            });
    assertThat(linkIn(one, "mine")).isPresent();
    for (int node = 1; node <= 2; node++) {
      try (Netns ends = Netns.open("weft-" + cluster.node(node).id());
          Netlink inEnds = Netlink.open(ends)) {
        assertThat(inEnds.links()).extracting(Link::name).containsExactly("lo");
      }
    }
  }

  @Test
  void shouldNotTakeAnInterfaceThatIsSomebodyElses() throws Exception {
    try (Netns pod = one.open();
        Netlink inPod = Netlink.open(pod)) {
      inPod.createBridge("eth1");
    }
    await(pods(1).put(R1, one.name()));
    await(pods(2).put(R2, two.name()));

    LinkStatus link = addLink(null, "12.12.12.1/24", "12.12.12.2/24");

    await()
        .atMost(WITHIN)
        // The link is kept before its wire is.
        .ignoreExceptions()
        .untilAsserted(
            () -> {
              WireStatus wire = await(wires(1).get(link.wire()));
              assertThat(wire.state()).isEqualTo(WireState.FAILED);
              assertThat(wire.reason())
                  .isEqualTo(
                      "interface eth1 in pod default/r1 is there already, a bridge that Weft did"
                          + " not make (expected: a free name)");
            });
    assertThat(linkIn(one, "eth1")).get().extracting(Link::kind).isEqualTo("bridge");
  }

  /** Registers r1 on node 1 and r2 on node 2 and joins them; the wire's id once it is up. */
  private String join(Integer mtu, String addressA, String addressB) throws Exception {
    await(pods(1).put(R1, one.name()));
    await(pods(2).put(R2, two.name()));
    LinkStatus link = addLink(mtu, addressA, addressB);
    awaitUp(1, link.wire());
    awaitUp(2, link.wire());
    // A veth whose other end just came up may drop frames for a moment (linkwatch).
    String target = addressB.substring(0, addressB.indexOf('/'));
    await().atMost(WITHIN).until(() -> ping(one, target, 56).isPresent());
    return link.wire();
  }

  private LinkStatus addLink(Integer mtu, String addressA, String addressB) throws Exception {
    Topologies topologies = cluster.node(1).room(Topologies.class);
    SingleLink link =
        new SingleLink(
            ++uid,
            new SingleLink.End(R1, "eth1", addressA),
            new SingleLink.End(R2, "eth1", addressB),
            mtu,
            null);
    return await(topologies.addLink(link));
  }

  private static void awaitUp(int node, String wire) {
    await()
        .atMost(WITHIN)
        .untilAsserted(
            () ->
                assertThat(await(wires(node).list()))
                    .as("wires of node %s", node)
                    .anySatisfy(
                        w -> {
                          assertThat(w.spec().id()).isEqualTo(wire);
                          assertThat(w.reason()).isNull();
                          assertThat(w.state()).isEqualTo(WireState.UP);
                        }));
  }

  private static Wires wires(int node) {
    return cluster.node(node).room(Wires.class);
  }

  private static Pods pods(int node) {
    return cluster.node(node).room(Pods.class);
  }

  private static Optional<Link> linkIn(TestNetns netns, String name) throws Exception {
    try (Netns open = netns.open();
        Netlink inside = Netlink.open(open)) {
      return inside.link(name);
    }
  }

  private static Optional<Duration> ping(TestNetns from, String address, int payload)
      throws Exception {
    try (Netns netns = from.open()) {
      return IcmpEcho.ping(
          netns, InetAddress.getByName(address), payload, true, Duration.ofSeconds(2));
    } catch (dev.weft.linux.LinuxException e) {
      // No route or no address yet: as good as no answer.
      return Optional.empty();
    }
  }
}
