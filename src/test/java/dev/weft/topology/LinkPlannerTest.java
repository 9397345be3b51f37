package dev.weft.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.wire.NicUse;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinkPlannerTest {
  private static final int MTU = 1500;
  private static final List<String> NODES = List.of("n1", "n2", "n3");

  @Test
  void shouldJoinTwoPodsOfTwoNodesWithMirroredEnds() {
    TopologyFile file = TopologyFile.parse(TopologyFileTest.resource("2node.yml"), "2node.yml");

    Plan plan =
        LinkPlanner.plan(
            file.topologies(),
            List.of(),
            List.of(pod("r1", "n1"), pod("r2", "n2"), pod("r3", "n1"), pod("r4", "n2")),
            MTU,
            id -> id);

    String id = WireSpec.idOf("default", 1, ref("r1"), "eth1", ref("r2"), "eth1");
    WireSpec.End r1 = new WireSpec.End(ref("r1"), "eth1", "12.12.12.1/24", "n1");
    WireSpec.End r2 = new WireSpec.End(ref("r2"), "eth1", "12.12.12.2/24", "n2");
    assertThat(plan.wanted("n1").values())
        .containsExactly(new WireSpec(id, "default", 1, WireKind.GRPC, MTU, r1, r2));
    assertThat(plan.wanted("n2").values())
        .containsExactly(new WireSpec(id, "default", 1, WireKind.GRPC, MTU, r2, r1));
    assertThat(plan.wanted("n3")).isEmpty();
    assertThat(plan.links().get(ref("r2")))
        .containsExactly(
            new LinkStatus(
                ref("r2"),
                1,
                "eth1",
                "12.12.12.2/24",
                ref("r1"),
                "eth1",
                "12.12.12.1/24",
                id,
                "grpc",
                MTU,
                "joining",
                null,
                "n2",
                "n1"));
  }

  @Test
  void shouldLetALinkWaitThatOneSideAloneDescribes() {
    TopologyFile file = TopologyFile.parse(TopologyFileTest.resource("2node.yml"), "2node.yml");

    Plan plan = LinkPlanner.plan(file.topologies(), List.of(), List.of(), MTU, id -> id);

    LinkStatus link = plan.links().get(ref("r3")).get(0);
    assertThat(link.state()).isEqualTo("waiting");
    assertThat(link.reason()).isEqualTo("r4 has no topology: the link is described by r3 alone");
  }

  @Test
  void shouldAttachALinkToLocalhostToADeviceOfThePodsNode() {
    TopologyFile file = TopologyFile.parse(TopologyFileTest.resource("macvlan.yml"), "m.yml");

    Plan plan =
        LinkPlanner.plan(
            file.topologies(), List.of(), List.of(pod("r1", "n1"), pod("r2", "n1")), MTU, id -> id);

    LinkStatus link = plan.links().get(ref("r2")).get(1);
    assertThat(link.state()).isEqualTo("joining");
    assertThat(link.reason()).isNull();
    assertThat(plan.wanted("n1").values())
        .extracting(WireSpec::kind)
        .containsExactlyInAnyOrder(WireKind.VETH, WireKind.MACVLAN);
    assertThat(plan.wanted("n1").values())
        .filteredOn(spec -> spec.kind() == WireKind.MACVLAN)
        .singleElement()
        .satisfies(
            spec -> {
              assertThat(spec.local().pod()).isEqualTo(ref("r2"));
              assertThat(spec.local().address()).isEqualTo("172.17.0.199/16");
              assertThat(spec.peer().intf()).isEqualTo("eth0");
            });
  }

  @Test
  void shouldNameThePodsThatAreMissingOrLost() {
    Pod lost = new Pod(ref("r1"), "n1", "gone", 0, 1, "netns gone: No such file or directory");

    Plan plan =
        LinkPlanner.plan(
            pair(link("r2", "eth1", "eth1"), link("r1", "eth1", "eth1")),
            List.of(),
            List.of(lost),
            MTU,
            id -> id);

    LinkStatus link = plan.links().get(ref("r2")).get(0);
    assertThat(link.state()).isEqualTo("waiting");
    assertThat(link.reason())
        .isEqualTo(
            "pod default/r1 on node n1: netns gone: No such file or directory; "
                + "pod default/r2 is registered on no node");
    assertThat(plan.joined()).isEmpty();
    assertThat(plan.interrupted()).containsExactly(link.wire());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "eth2|eth1|-|-|-|-|r1 uid 1: peer_intf eth1, but r2 uid 1 has local_intf eth2",
        "eth1|eth9|-|-|-|-|r1 uid 1: local_intf eth1, but r2 uid 1 has peer_intf eth9",
        "eth1|eth1|10.0.0.9/24|-|-|-"
            + "|r1 uid 1: peer_ip 10.0.0.2/24, but r2 uid 1 has local_ip 10.0.0.9/24",
        "eth1|eth1|-|10.0.0.1/8|-|-"
            + "|r1 uid 1: local_ip 10.0.0.1/24, but r2 uid 1 has peer_ip 10.0.0.1/8",
        "eth1|eth1|-|-|1500|-|r1 uid 1: mtu 9000, but r2 uid 1 has mtu 1500",
        "eth1|eth1|-|-|-|veth|r1 uid 1: kind grpc, but r2 uid 1 has kind veth",
      })
  void shouldReportWhatTheSidesContradict(
      String intf,
      String peerIntf,
      String ip,
      String peerIp,
      Integer mtu,
      String kind,
      String reason) {
    List<Topology> topologies =
        pair(
            new TopologyLink(1, "r2", "eth1", "eth1", "10.0.0.1/24", "10.0.0.2/24", 9000, "grpc"),
            new TopologyLink(1, "r1", intf, peerIntf, ip, peerIp, mtu, kind));

    Plan plan =
        LinkPlanner.plan(
            topologies, List.of(), List.of(pod("r1", "n1"), pod("r2", "n2")), MTU, id -> id);

    assertThat(plan.links().get(ref("r1")).get(0).state()).isEqualTo("contradiction");
    assertThat(plan.links().get(ref("r1")).get(0).reason()).isEqualTo(reason);
    assertThat(plan.links().get(ref("r2")).get(0).state()).isEqualTo("contradiction");
    assertThat(plan.joined()).isEmpty();
    assertThat(new Descriptions(topologies).contradictions()).containsExactly(reason);
  }

  @Test
  void shouldReportAMissingReverse() {
    List<Topology> topologies =
        List.of(
            new Topology(ref("r1"), List.of(link("r2", "eth1", "eth1"))),
            new Topology(ref("r2"), List.of()),
            new Topology(ref("r3"), List.of(link("r1", "eth1", "eth1"))));

    assertThat(new Descriptions(topologies).contradictions())
        .containsExactly(
            "r1 uid 1: peer_pod r2, but r2 has no link with that uid",
            "r3 uid 1: peer_pod r1, but r1 uid 1 has peer_pod r2");
  }

  @Test
  void shouldLetWhatOneSideAsksHoldForTheLink() {
    List<Topology> topologies =
        pair(
            new TopologyLink(1, "r2", "eth1", "eth1", "10.0.0.1/24", "10.0.0.2/24", 9000, null),
            link("r1", "eth1", "eth1"));

    WireSpec spec =
        LinkPlanner.plan(
                topologies, List.of(), List.of(pod("r1", "n1"), pod("r2", "n2")), MTU, id -> id)
            .wanted("n2")
            .values()
            .iterator()
            .next();

    assertThat(spec.mtu()).isEqualTo(9000);
    assertThat(spec.local().address()).isEqualTo("10.0.0.2/24");
    assertThat(spec.peer().address()).isEqualTo("10.0.0.1/24");
  }

  @ParameterizedTest
  @CsvSource({"n1, PATCH", "n2, GRPC"})
  void shouldJoinAPodToASegment(String node, WireKind kind) {
    Pod lan = new Pod(ref("a"), "n1", "segment", 1, 1, null);

    Plan plan =
        LinkPlanner.plan(
            List.of(),
            List.of(single(1, "a:p1", "r1:eth1")),
            List.of(lan, pod("r1", node)),
            MTU,
            id -> id);

    WireSpec spec = plan.wanted(node).values().iterator().next();
    assertThat(spec.kind()).isEqualTo(kind);
    assertThat(spec.local().pod()).as("a pod's interface goes first").isEqualTo(ref("r1"));
  }

  @Test
  void shouldSayWhatAPortOfASegmentCannotHave() {
    Pod lan = new Pod(ref("lan"), "n1", "segment", 1, 1, null);
    SingleLink.End port = new SingleLink.End(ref("lan"), "p1", "10.0.0.1/24");
    SingleLink.End eth1 = new SingleLink.End(ref("r1"), "eth1", null);

    Plan plan =
        LinkPlanner.plan(
            List.of(),
            List.of(new SingleLink(1, eth1, port, null, null), single(2, "lan:p2", "lan:p3")),
            List.of(lan, pod("r1", "n1")),
            MTU,
            id -> id);

    assertThat(plan.singles().values())
        .extracting(LinkStatus::reason)
        .containsExactlyInAnyOrder(
            "interface p1 of lan: 10.0.0.1/24 (expected: nothing but a name at a port of a"
                + " segment)",
            "both ends are at segment lan");
    assertThat(plan.joined()).isEmpty();
  }

  @Test
  void shouldMakeTheEndOfAnOpenLinkWhosePodIsThere() {
    SingleLink link =
        new SingleLink(
            1,
            new SingleLink.End(ref("r1"), "eth1", null),
            new SingleLink.End(ref("r2"), "eth1", null),
            null,
            null,
            true);

    Plan alone =
        LinkPlanner.plan(List.of(), List.of(link), List.of(pod("r2", "n2")), MTU, id -> id);
    Plan both =
        LinkPlanner.plan(
            List.of(), List.of(link), List.of(pod("r1", "n1"), pod("r2", "n2")), MTU, id -> id);

    WireSpec open = alone.wanted("n2").values().iterator().next();
    assertThat(open.isOpen()).isTrue();
    assertThat(open.local().pod()).isEqualTo(ref("r2"));
    assertThat(alone.singles().get(open.id()).reason())
        .isEqualTo("pod default/r1 is registered on no node");
    assertThat(both.wanted("n2")).containsOnlyKeys(open.id());
    assertThat(both.wanted("n2").get(open.id()).isOpen()).isFalse();
  }

  @Test
  void shouldMakeTheEndOfAnOpenLinkThatOneSideAloneDescribes() {
    TopologyLink open =
        new TopologyLink(
            1, "r1", "eth1", "eth1", null, null, null, null, null, null, null, null, null, null,
            true);

    Plan plan =
        LinkPlanner.plan(
            List.of(new Topology(ref("r2"), List.of(open))),
            List.of(),
            List.of(pod("r1", "n1"), pod("r2", "n2")),
            MTU,
            id -> id);

    assertThat(plan.wanted("n2").values()).singleElement().matches(WireSpec::isOpen);
    assertThat(plan.wanted("n1")).isEmpty();
    assertThat(plan.links().get(ref("r2")).get(0).reason()).startsWith("r1 has no topology");
  }

  @ParameterizedTest
  @CsvSource({"n1, n1, PATCH", "n1, n2, GRPC"})
  void shouldCarryTheFramesOfAnInterfaceOfTheHostItself(String pod, String host, WireKind kind) {
    SingleLink.End nic = new SingleLink.End(ref("h"), "eth5", null, null, null, "use");
    SingleLink link =
        new SingleLink(1, nic, new SingleLink.End(ref("r1"), "eth1", null), null, null);

    Plan plan =
        LinkPlanner.plan(
            List.of(), List.of(link), List.of(pod("r1", pod), pod("h", host)), MTU, id -> id);

    assertThat(plan.wanted(pod).values())
        .singleElement()
        .satisfies(
            spec -> {
              assertThat(spec.kind()).isEqualTo(kind);
              assertThat(spec.local().intf()).as("a pod's interface goes first").isEqualTo("eth1");
              assertThat(spec.peer().nic()).isEqualTo(NicUse.USE);
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "veth|n1|n2|kind veth: r1 is on node n1 and r2 on node n2 (possible: grpc, vxlan)",
        "grpc|n1|n1|kind grpc: r1 and r2 are both on node n1 (possible: veth)"
      })
  void shouldLetAKindWaitThatThePodsPlacesRuleOut(
      String kind, String node1, String node2, String reason) {
    List<Topology> topologies =
        pair(
            new TopologyLink(1, "r2", "eth1", "eth1", null, null, null, kind),
            link("r1", "eth1", "eth1"));

    LinkStatus link =
        LinkPlanner.plan(
                topologies, List.of(), List.of(pod("r1", node1), pod("r2", node2)), MTU, id -> id)
            .links()
            .get(ref("r1"))
            .get(0);

    assertThat(link.state()).isEqualTo("waiting");
    assertThat(link.reason()).isEqualTo(reason);
  }

  @Test
  void shouldJoinSeveralLinksALoopAndPodsOfOneNameInSeveralNamespaces() {
    Topology r1 =
        new Topology(
            ref("r1"),
            List.of(
                new TopologyLink(1, "r2", "eth1", "eth1", null, null, null, null),
                new TopologyLink(2, "r2", "eth2", "eth2", null, null, null, null),
                new TopologyLink(3, "r1", "eth3", "eth4", null, null, null, null),
                new TopologyLink(3, "r1", "eth4", "eth3", null, null, null, null)));
    Topology r2 =
        new Topology(
            ref("r2"),
            List.of(
                new TopologyLink(1, "r1", "eth1", "eth1", null, null, null, null),
                new TopologyLink(2, "r1", "eth2", "eth2", null, null, null, null)));
    PodRef labR1 = new PodRef("lab", "r1");
    PodRef labR2 = new PodRef("lab", "r2");
    Topology lab1 = new Topology(labR1, List.of(link("r2", "eth1", "eth1")));
    Topology lab2 = new Topology(labR2, List.of(link("r1", "eth1", "eth1")));

    Plan plan =
        LinkPlanner.plan(
            List.of(r1, r2, lab1, lab2),
            List.of(),
            List.of(
                pod("r1", "n1"),
                pod("r2", "n1"),
                new Pod(labR1, "n1", "x", 1, 1, null),
                new Pod(labR2, "n1", "y", 1, 1, null)),
            MTU,
            id -> id);

    Collection<WireSpec> specs = plan.wanted("n1").values();
    assertThat(specs)
        .extracting(
            s ->
                s.local().pod()
                    + ":"
                    + s.local().intf()
                    + " "
                    + s.peer().pod()
                    + ":"
                    + s.peer().intf())
        .containsExactlyInAnyOrder(
            "default/r1:eth1 default/r2:eth1",
            "default/r1:eth2 default/r2:eth2",
            "default/r1:eth3 default/r1:eth4",
            "lab/r1:eth1 lab/r2:eth1");
    assertThat(plan.links().values().stream().flatMap(List::stream))
        .allMatch(link -> link.state().equals("joining"));
  }

  @Test
  void shouldGiveAnInterfaceToTheTopologyAndToNeitherOfTwoSingleLinks() {
    SingleLink ofTopology = single(10, "r1:eth1", "r3:eth1");
    SingleLink one = single(11, "r3:eth2", "r4:eth1");
    SingleLink two = single(12, "r3:eth2", "r4:eth2");
    SingleLink free = single(13, "r3:eth3", "lab/r4:eth3");

    Plan plan =
        LinkPlanner.plan(
            pair(link("r2", "eth1", "eth1"), link("r1", "eth1", "eth1")),
            List.of(ofTopology, one, two, free),
            Stream.of("r1", "r2", "r3", "r4", "lab/r4").map(name -> pod(name, "n1")).toList(),
            MTU,
            id -> id);

    Map<Long, String> reasons = new HashMap<>();
    plan.singles().values().forEach(s -> reasons.put(s.uid(), s.state() + ": " + s.reason()));
    assertThat(reasons)
        .containsEntry(10L, "contradiction: interface eth1 of r1 belongs to uid 1 of its topology")
        .containsEntry(11L, "contradiction: interface eth2 of r3 is claimed by another link too")
        .containsEntry(12L, "contradiction: interface eth2 of r3 is claimed by another link too")
        .containsEntry(13L, "joining: null");
    assertThat(plan.joined()).extracting(j -> j.described().link().uid()).containsExactly(1L, 13L);
  }

  @Property
  void shouldPlanMirroredWiresOnBothNodes(@ForAll("labs") Lab lab) {
    Plan plan = lab.plan();

    for (Plan.Joined joined : plan.joined()) {
      String id = joined.described().id();
      WireSpec a = plan.wanted(joined.nodeA()).get(id);
      WireSpec b = plan.wanted(joined.nodeB()).get(id);
      if (joined.nodeA().equals(joined.nodeB())) {
        assertThat(a.kind()).isEqualTo(WireKind.VETH);
      } else {
        assertThat(a)
            .isEqualTo(
                new WireSpec(id, b.ns(), b.uid(), WireKind.GRPC, b.mtu(), b.peer(), b.local()));
        assertThat(a.local().node()).isEqualTo(joined.nodeA());
        assertThat(b.local().node()).isEqualTo(joined.nodeB());
      }
    }
  }

  @Property
  void shouldNotDependOnTheOrderOfWhatItKnows(@ForAll("labs") Lab lab, @ForAll long seed) {
    Plan plan = lab.plan();
    Plan shuffled = lab.shuffled(new Random(seed)).plan();

    assertThat(shuffled.singles()).isEqualTo(plan.singles());
    assertThat(shuffled.interrupted()).isEqualTo(plan.interrupted());
    NODES.forEach(node -> assertThat(shuffled.wanted(node)).isEqualTo(plan.wanted(node)));
    plan.links()
        .forEach(
            (pod, links) ->
                assertThat(shuffled.links().get(pod)).containsExactlyInAnyOrderElementsOf(links));
  }

  @Property
  void shouldNeverPutTwoWiresOnOneInterface(@ForAll("labs") Lab lab) {
    Plan plan = lab.plan();

    for (String node : NODES) {
      Set<String> interfaces = new HashSet<>();
      for (WireSpec spec : plan.wanted(node).values()) {
        for (WireSpec.End end : List.of(spec.local(), spec.peer())) {
          assertThat(interfaces.add(end.pod() + ":" + end.intf()))
              .as("%s of %s is free", end.intf(), end.pod())
              .isTrue();
        }
      }
    }
  }

  @Property
  void shouldSayWhyEveryOtherLinkIsNotJoined(@ForAll("labs") Lab lab) {
    Plan plan = lab.plan();

    Set<String> joined = new HashSet<>();
    plan.joined().forEach(j -> joined.add(j.described().id()));
    Stream.concat(
            plan.links().values().stream().flatMap(List::stream), plan.singles().values().stream())
        .forEach(
            link -> {
              assertThat(link.reason() == null).isEqualTo(link.state().equals("joining"));
              assertThat(link.state().equals("joining"))
                  .isEqualTo(joined.contains(link.wire()) && !link.state().equals("contradiction"));
            });
  }

  /** Few pods, interfaces and numbers, so that links meet, miss and contradict each other often. */
  record Lab(List<Topology> topologies, List<SingleLink> singles, List<Pod> pods) {
    Plan plan() {
      return LinkPlanner.plan(topologies, singles, pods, MTU, id -> id);
    }

    Lab shuffled(Random random) {
      List<Topology> some = new ArrayList<>();
      for (Topology t : topologies) {
        some.add(new Topology(t.pod(), shuffle(t.links(), random)));
      }
      return new Lab(shuffle(some, random), shuffle(singles, random), shuffle(pods, random));
    }

    private static <T> List<T> shuffle(List<T> list, Random random) {
      List<T> copy = new ArrayList<>(list);
      Collections.shuffle(copy, random);
      return copy;
    }
  }

  @Provide
  Arbitrary<Lab> labs() {
    Arbitrary<PodRef> pods =
        Combinators.combine(Arbitraries.of("default", "lab"), Arbitraries.of("r1", "r2", "r3"))
            .as(PodRef::new);
    Arbitrary<String> intfs = Arbitraries.of("e1", "e2", "e3");
    Arbitrary<SingleLink.End> ends =
        Combinators.combine(pods, intfs).as((pod, intf) -> new SingleLink.End(pod, intf, null));
    Arbitrary<SingleLink> links =
        Combinators.combine(
                Arbitraries.longs().between(0, 5),
                ends,
                ends,
                Arbitraries.of(68, 1500, 9000).injectNull(0.7),
                Arbitraries.of("grpc", "veth").injectNull(0.7))
            .as(SingleLink::new)
            .filter(l -> !l.a().equals(l.b()));
    Arbitrary<List<Topology>> topologies =
        Combinators.combine(links.list().ofMaxSize(12), Arbitraries.randoms())
            .as(LinkPlannerTest::describe);
    Arbitrary<List<Pod>> registered =
        Combinators.combine(pods, Arbitraries.of(NODES), Arbitraries.of("lost").injectNull(0.9))
            .as((ref, node, problem) -> new Pod(ref, node, "x", 1, 1, problem))
            .list()
            .uniqueElements(Pod::ref)
            .ofMinSize(3)
            .ofMaxSize(6);
    return Combinators.combine(
            topologies,
            links.list().ofMaxSize(4).uniqueElements(l -> LinkDescription.of(l).id()),
            registered)
        .as(Lab::new);
  }

  /** Topologies of links within a namespace; now and then one side is left out or changed. */
  private static List<Topology> describe(List<SingleLink> links, Random random) {
    Map<PodRef, List<TopologyLink>> sides = new HashMap<>();
    for (SingleLink link : links) {
      PodRef b = new PodRef(link.a().pod().ns(), link.b().pod().name());
      String changed = random.nextInt(5) == 0 ? "e9" : link.a().intf();
      add(sides, link.a().pod(), link, b, link.a().intf(), link.b().intf());
      if (random.nextInt(5) > 0) {
        add(sides, b, link, link.a().pod(), link.b().intf(), changed);
      }
    }
    List<Topology> topologies = new ArrayList<>();
    sides.forEach((pod, list) -> topologies.add(new Topology(pod, list)));
    return topologies.stream().filter(LinkPlannerTest::isAcceptable).toList();
  }

  private static void add(
      Map<PodRef, List<TopologyLink>> sides,
      PodRef pod,
      SingleLink link,
      PodRef peer,
      String intf,
      String peerIntf) {
    List<TopologyLink> links = sides.computeIfAbsent(pod, p -> new ArrayList<>());
    links.add(
        new TopologyLink(
            link.uid(), peer.name(), intf, peerIntf, null, null, link.mtu(), link.kind()));
    if (!isAcceptable(new Topology(pod, links)) && !peer.equals(pod)) {
      links.remove(links.size() - 1);
    }
  }

  private static boolean isAcceptable(Topology topology) {
    DocumentProblems faults = new DocumentProblems();
    return TopologyObject.read(new DocumentNode("", TopologyObject.write(topology), faults))
        != null;
  }

  private static List<Topology> pair(TopologyLink ofR1, TopologyLink ofR2) {
    return List.of(new Topology(ref("r1"), List.of(ofR1)), new Topology(ref("r2"), List.of(ofR2)));
  }

  private static TopologyLink link(String peer, String intf, String peerIntf) {
    return new TopologyLink(1, peer, intf, peerIntf, null, null, null, null);
  }

  private static SingleLink single(long uid, String a, String b) {
    return new SingleLink(uid, end(a), end(b), null, null);
  }

  private static SingleLink.End end(String text) {
    int colon = text.indexOf(':');
    return new SingleLink.End(ref(text.substring(0, colon)), text.substring(colon + 1), null);
  }

  private static Pod pod(String name, String node) {
    return new Pod(ref(name), node, "/run/netns/" + name, 1, 1, null);
  }

  private static PodRef ref(String name) {
    return PodRef.parse(name);
  }
}
