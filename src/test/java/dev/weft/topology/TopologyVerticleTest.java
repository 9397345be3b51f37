package dev.weft.topology;

import static dev.weft.topology.TestNet.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.topology.TestNet.TestNode;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TopologyVerticleTest {
  private static final String R1_R2 =
      WireSpec.idOf("default", 1, ref("r1"), "eth1", ref("r2"), "eth1");

  private final TestNet net = new TestNet();

  @AfterEach
  void close() throws Exception {
    net.close();
  }

  @Test
  void shouldAskBothNodesForMirroredWires() throws Exception {
    TestNode n1 = net.node("n1");
    TestNode n2 = net.node("n2");
    net.register("r1", "n1", 11);
    net.register("r2", "n2", 12);
    net.register("r3", "n1", 13);

    await(n1.topologies.apply(sample("3node.yml")));

    await().untilAsserted(() -> assertThat(n1.wires.standing).hasSize(3));
    await().untilAsserted(() -> assertThat(n2.wires.standing).hasSize(2));
    n2.wires.standing.forEach(
        (id, spec) -> {
          WireSpec other = n1.wires.standing.get(id);
          assertThat(spec.kind()).isEqualTo(WireKind.GRPC);
          assertThat(spec.local()).isEqualTo(other.peer());
          assertThat(spec.peer()).isEqualTo(other.local());
          assertThat(spec.local().node()).isEqualTo("n2");
        });
    assertThat(n1.wires.standing.values())
        .filteredOn(spec -> spec.kind() == WireKind.VETH)
        .extracting(WireSpec::uid)
        .containsExactly(2L);
  }

  @Test
  void shouldShowTheWiresStateOrWhyThereIsNone() throws Exception {
    TestNode n1 = net.node("n1");
    TestNode n2 = net.node("n2");
    net.register("r1", "n1", 11);
    net.register("r2", "n2", 12);
    n1.wires.state = WireState.JOINING;

    await(n1.topologies.apply(sample("2node.yml")));

    await()
        .untilAsserted(
            () ->
                assertThat(shown(n1, "r1")).containsExactly("1 joining: the peer has not joined"));
    await().untilAsserted(() -> assertThat(shown(n2, "r1")).containsExactly("1 up: null"));
    assertThat(shown(n2, "r3"))
        .containsExactly("2 waiting: r4 has no topology: the link is described by r3 alone");
    assertThat(await(n2.topologies.list()))
        .extracting(t -> t.topology().pod().name())
        .containsExactly("r1", "r2", "r3");
  }

  @Test
  void shouldNameAMemberThatDoesNotAnswerForItsWires() throws Exception {
    TestNode n3 = net.node("n3");
    net.join("n1", 1);
    net.register("r1", "n1", 11);
    net.register("r2", "n1", 12);
    await(n3.topologies.apply(sample("2node.yml")));

    assertThat(shown(n3, "r1"))
        .singleElement()
        .asString()
        .startsWith("1 unknown: node name-n1 does not answer: Wires: not running on");
  }

  @Test
  void shouldJoinAgainAPodThatMoved() throws Exception {
    TestNode n1 = net.node("n1");
    TestNode n2 = net.node("n2");
    net.register("r1", "n1", 11);
    net.register("r2", "n2", 12);
    await(n1.topologies.apply(sample("2node.yml")));
    await().untilAsserted(() -> assertThat(n2.wires.standing.keySet()).contains(R1_R2));

    net.register("r2", "n1", 21);

    await().untilAsserted(() -> assertThat(n2.wires.standing.keySet()).isEmpty());
    await()
        .untilAsserted(
            () ->
                assertThat(n1.wires.standing.get(R1_R2))
                    .extracting(WireSpec::kind, spec -> spec.peer().node())
                    .containsExactly(WireKind.VETH, "n1"));
  }

  @Test
  void shouldTakeLinksDownWithTheirTopologyAndNoOthers() throws Exception {
    TestNode n1 = net.node("n1");
    for (String pod : List.of("r1", "r2", "r3")) {
      net.register(pod, "n1", 1);
    }
    await(n1.topologies.apply(sample("3node.yml")));
    await().untilAsserted(() -> assertThat(n1.wires.standing).hasSize(3));

    await(n1.topologies.delete(ref("r1")));

    await()
        .untilAsserted(
            () ->
                assertThat(n1.wires.standing.values())
                    .extracting(WireSpec::uid)
                    .containsExactly(3L));
    assertFault(n1.topologies.delete(ref("r1")), Fault.NOT_FOUND)
        .hasMessageContaining("pod default/r1 has no topology");
    assertFault(n1.topologies.get(ref("r1")), Fault.NOT_FOUND);
    assertThat(shown(n1, "r2"))
        .contains("1 waiting: r1 has no topology: the link is described by r2 alone");
  }

  @Test
  void shouldRemoveAtTheStartWhatNobodyWantsAndLeaveOtherRoomsWires() throws Exception {
    WireSpec orphan = spec("default", 7, "n1", "n2");
    WireSpec others = spec("~nsm", 8, "n1", "n2");

    TestNode n1 = net.node("n1", orphan, others);
    net.register("r1", "n1", 11);
    net.register("r2", "n1", 12);
    await(n1.topologies.apply(sample("2node.yml")));

    await()
        .untilAsserted(
            () ->
                assertThat(n1.wires.standing.values())
                    .extracting(WireSpec::uid)
                    .containsExactlyInAnyOrder(1L, 8L));
    assertThat(n1.wires.calls).containsExactlyInAnyOrder("remove " + orphan.id(), "put 1");
  }

  @Test
  void shouldRetryAWireThatFailedWithoutHoldingUpOthers() throws Exception {
    TestNode n1 = net.node("n1");
    for (String pod : List.of("r1", "r2", "r3")) {
      net.register(pod, "n1", 1);
    }
    n1.wires.refusals.put(1L, 1_000_000);

    await(n1.topologies.apply(sample("3node.yml")));

    await()
        .untilAsserted(
            () ->
                assertThat(n1.wires.standing.values())
                    .extracting(WireSpec::uid)
                    .containsExactlyInAnyOrder(2L, 3L));
    await()
        .untilAsserted(() -> assertThat(shown(n1, "r1")).contains("1 failed: no memory for uid 1"));
    n1.wires.refusals.clear();
    await().untilAsserted(() -> assertThat(shown(n1, "r1")).contains("1 up: null", "2 up: null"));
    assertThat(n1.wires.calls.stream().filter("put 2"::equals)).hasSize(1);
  }

  @Test
  void shouldKeepAWireWhileThePeersNodeIsAwayAndUntilItHasToldItsPods() throws Exception {
    TestNode n1 = net.node("n1");
    net.join("n2", 1);
    net.register("r1", "n1", 11);
    net.register("r2", "n2", 12);
    await(n1.topologies.apply(sample("2node.yml")));
    await().untilAsserted(() -> assertThat(n1.wires.standing.keySet()).contains(R1_R2));
    net.skip(MemberGrace.GRACE);

    net.leave("n2");
    net.unregister("r2");
    awaitPasses(n1);
    assertThat(n1.wires.calls).containsExactly("put 1");

    net.join("n2", 2);
    awaitPasses(n1);
    assertThat(n1.wires.calls).containsExactly("put 1");

    net.skip(MemberGrace.GRACE);
    await()
        .untilAsserted(
            () -> {
              net.register("other", "n1", 5);
              assertThat(n1.wires.standing.keySet()).isEmpty();
            });
  }

  @Test
  void shouldTakeDownTheWireOfAPodThatWentAndKeepThatOfOneThatIsLost() throws Exception {
    TestNode n1 = net.node("n1");
    net.register("r1", "n1", 11);
    net.register("r2", "n1", 12);
    await(n1.topologies.apply(sample("2node.yml")));
    await().untilAsserted(() -> assertThat(n1.wires.standing.keySet()).contains(R1_R2));

    net.pods.computeIfPresent(
        ref("r2"), (ref, p) -> new Pod(ref, p.node(), p.netns(), 0, 1, "netns r2: gone"));
    awaitPasses(n1);
    assertThat(shown(n1, "r1"))
        .containsExactly("1 waiting: pod default/r2 on node name-n1: netns r2: gone");
    assertThat(n1.wires.standing.keySet()).contains(R1_R2);

    net.unregister("r2");
    await().untilAsserted(() -> assertThat(n1.wires.standing.keySet()).isEmpty());
  }

  @Test
  void shouldRefuseAllTopologiesIfOneIsWrong() throws Exception {
    TestNode n1 = net.node("n1");
    Topology good = new Topology(ref("r1"), List.of());
    Topology bad =
        new Topology(
            ref("r2"), List.of(new TopologyLink(1, "r1", "eth1", "a/b", "here", null, 7, "gre")));

    assertFault(n1.topologies.apply(List.of(good, bad, good)), Fault.INVALID)
        .hasMessageContaining("topologies[1].spec.links[0].peer_intf: \"a/b\"")
        .hasMessageContaining("topologies[1].spec.links[0].local_ip: \"here\"")
        .hasMessageContaining("topologies[1].spec.links[0].mtu: 7 (expected: a number, 68..65535)")
        .hasMessageContaining("topologies[1].spec.links[0].kind: \"gre\"")
        .hasMessageContaining("topologies[2]: second topology of pod default/r1");
    assertThat(await(n1.topologies.list())).isEmpty();
  }

  @Test
  void shouldNotTakeMoreThanTheClusterKeeps() throws Exception {
    TestNode n1 = net.node("n1");
    List<Topology> many = new ArrayList<>();
    for (int i = 0; i < TopologyFile.MAX_TOPOLOGIES; i++) {
      many.add(new Topology(ref("r" + i), List.of()));
    }
    await(n1.topologies.apply(many));

    await(n1.topologies.apply(many.subList(0, 2)));
    assertFault(
            n1.topologies.apply(List.of(new Topology(ref("one-more"), List.of()))), Fault.EXHAUSTED)
        .hasMessageContaining("topologies: 10001 (expected: 10000 at most in the cluster)");
  }

  @Test
  void shouldMakeAndRemoveASingleLink() throws Exception {
    TestNode n1 = net.node("n1");
    net.register("r1", "n1", 11);
    SingleLink link = single(5, "r1", "eth5", "lab/r2", "eth5");

    LinkStatus waiting = await(n1.topologies.addLink(link));
    assertThat(waiting.reason()).isEqualTo("pod lab/r2 is registered on no node");
    net.register("lab/r2", "n1", 12);
    await().untilAsserted(() -> assertThat(n1.wires.standing).containsKey(waiting.wire()));
    LinkStatus same = await(n1.topologies.addLink(single(5, "lab/r2", "eth5", "r1", "eth5")));
    assertThat(same.wire()).isEqualTo(waiting.wire());
    assertThat(same.state()).isEqualTo("up");

    await(n1.topologies.removeLink(waiting.wire()));

    await().untilAsserted(() -> assertThat(n1.wires.standing.keySet()).isEmpty());
    assertFault(n1.topologies.removeLink(waiting.wire()), Fault.NOT_FOUND);
  }

  @Test
  void shouldCutAWireUntilItIsMendedOrItsLinkIsMadeAnew() throws Exception {
    TestNode n1 = net.node("n1");
    net.register("r1", "n1", 11);
    net.register("r2", "n2", 12);
    await(n1.topologies.apply(sample("2node.yml")));

    await(n1.topologies.cut(R1_R2));
    awaitCut(n1, true);
    await(n1.topologies.mend(R1_R2));
    awaitCut(n1, false);
    await(n1.topologies.cut(R1_R2));
    awaitCut(n1, true);
    await(n1.topologies.apply(sample("2node.yml")));
    awaitCut(n1, true);
    await(n1.topologies.delete(ref("r1")));
    await(n1.topologies.delete(ref("r2")));
    assertFault(n1.topologies.cut(R1_R2), Fault.NOT_FOUND);
    await(n1.topologies.apply(sample("2node.yml")));
    awaitCut(n1, false);
  }

  private static void awaitCut(TestNode node, boolean cut) {
    await()
        .untilAsserted(
            () ->
                assertThat(node.wires.standing.get(R1_R2))
                    .isNotNull()
                    .extracting(WireSpec::cut)
                    .isEqualTo(cut));
  }

  @Test
  void shouldRefuseASingleLinkWhoseEndIsTaken() throws Exception {
    TestNode n1 = net.node("n1");
    await(n1.topologies.apply(sample("2node.yml")));
    await(n1.topologies.addLink(single(5, "r8", "eth1", "r9", "eth1")));

    assertFault(n1.topologies.addLink(single(6, "r1", "eth1", "r7", "eth1")), Fault.CONFLICT)
        .hasMessageContaining(
            "interface eth1 of pod default/r1 is taken by link uid 1 of its topology");
    assertFault(n1.topologies.addLink(single(6, "r7", "eth1", "r9", "eth1")), Fault.CONFLICT)
        .hasMessageContaining("interface eth1 of pod default/r9 is taken by link uid 5, wire ");
    assertFault(n1.topologies.removeLink(R1_R2), Fault.CONFLICT)
        .hasMessageContaining("uid 1 of the topology of pod default/r1");
  }

  @Test
  void shouldLetOnlyOneOfTwoSingleLinksAskedForAtOnceHaveAnInterface() throws Exception {
    TestNode n1 = net.node("n1");

    Future<LinkStatus> one = n1.topologies.addLink(single(1, "r1", "eth1", "r2", "eth1"));
    Future<LinkStatus> two = n1.topologies.addLink(single(2, "r1", "eth1", "r3", "eth1"));

    await(one);
    assertFault(two, Fault.CONFLICT);
  }

  @Test
  void shouldNameEveryFaultOfASingleLink() throws Exception {
    TestNode n1 = net.node("n1");
    SingleLink.End end = new SingleLink.End(ref("r1"), "eth1", "10.0.0.1");

    assertFault(n1.topologies.addLink(new SingleLink(-1, end, end, 1, "x")), Fault.INVALID)
        .hasMessageContaining("uid: -1 (expected")
        .hasMessageContaining("mtu: 1 (expected")
        .hasMessageContaining("kind: \"x\" (expected")
        .hasMessageContaining("a.address: \"10.0.0.1\" (expected")
        .hasMessageContaining("b.intf: \"eth1\" (expected: another interface than a");
    SingleLink.End odd = new SingleLink.End(ref("r2"), "eth1", null, "02:00", "Gi 0/1", "take");
    assertFault(n1.topologies.addLink(new SingleLink(1, end, odd, null, null)), Fault.INVALID)
        .hasMessageContaining("b.mac: \"02:00\" (expected: a MAC address of one interface")
        .hasMessageContaining("b.name: \"Gi 0/1\" (expected: 1 to 127 ASCII characters")
        .hasMessageContaining("b.nic: \"take\" (expected: use or use-underlay)");
    SingleLink.End nic = new SingleLink.End(ref("h1"), "eth5", "10.0.0.1/24", null, null, "use");
    assertFault(n1.topologies.addLink(new SingleLink(1, end, nic, null, null)), Fault.INVALID)
        .hasMessageContaining(
            "b.address: \"10.0.0.1/24\" (expected: none with nic: use, since that interface");
    assertFault(n1.topologies.addLink(new SingleLink(1, end, null, null, null)), Fault.INVALID)
        .hasMessageContaining("b: missing (expected: an end");
  }

  @Test
  void shouldPassOverARowThatItCannotUse() throws Exception {
    TestNode n1 = net.node("n1");
    net.write("default/r1", "{\"pod\":\"default/r1\",\"links\":[{\"uid\":1}]}");
    net.write("default/r2", "[]");
    net.write("default/r3", "{\"pod\":\"default/r4\",\"links\":[]}");
    net.write("default/r5", "{\"pod\":\"default/r5\",\"links\":[],\"later\":1}");

    assertThat(await(n1.topologies.list()))
        .extracting(t -> t.topology().pod().name())
        .containsExactly("r5");
  }

  /** Two passes: the first may have begun before what the caller changed. */
  private void awaitPasses(TestNode node) throws Exception {
    for (long inode = 1; inode <= 2; inode++) {
      long before = node.passes();
      net.register("marker", "n1", inode);
      await().until(() -> node.passes() > before);
    }
  }

  private static List<String> shown(TestNode node, String pod) throws Exception {
    return await(node.topologies.get(ref(pod))).links().stream()
        .map(link -> link.uid() + " " + link.state() + ": " + link.reason())
        .toList();
  }

  private static AbstractThrowableAssert<?, ?> assertFault(Future<?> future, Fault fault) {
    return assertThatThrownBy(() -> await(future))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .satisfies(
            e -> assertThat(((WeftException) e).fault()).as(e.getMessage()).isEqualTo(fault));
  }

  private static List<Topology> sample(String name) {
    return TopologyFile.parse(TopologyFileTest.resource(name), name).topologies();
  }

  private static SingleLink single(long uid, String a, String intfA, String b, String intfB) {
    return new SingleLink(
        uid,
        new SingleLink.End(ref(a), intfA, null),
        new SingleLink.End(ref(b), intfB, null),
        null,
        null);
  }

  private static WireSpec spec(String ns, long uid, String nodeA, String nodeB) {
    return new WireSpec(
        "00000000000000" + (10 + uid),
        ns,
        uid,
        WireKind.GRPC,
        1500,
        new WireSpec.End(ref("x"), "eth1", null, nodeA),
        new WireSpec.End(ref("y"), "eth1", null, nodeB));
  }

  private static PodRef ref(String name) {
    return PodRef.parse(name);
  }
}
