package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Needs({Need.ROOT, Need.IPROUTE2})
class NetlinkIT {
  private static final String ALIAS = "weft:0123456789abcdef:wire:1";

  @AutoClose final TestNetns node = TestNetns.create("node");
  @AutoClose final TestNetns pod = TestNetns.create("pod");
  private Netns podNetns;
  private Netlink inNode;
  private Netlink inPod;

  @BeforeEach
  void open() throws Exception {
    podNetns = pod.open();
    inPod = Netlink.open(podNetns);
    try (Netns netns = node.open()) {
      inNode = Netlink.open(netns);
    }
  }

  @AfterEach
  void close() {
    inNode.close();
    inPod.close();
    podNetns.close();
  }

  private Link veth(String name, String peer, int mtu) throws Exception {
    return inNode.createVeth(
        new VethSpec(name, mtu, ALIAS, true, true, new VethSpec.Peer(podNetns, peer, mtu)));
  }

  @Test
  void shouldCreateAVethWithItsPeerInAnotherNamespace() throws Exception {
    // When
    Link end = veth("wft1", "eth1", 9000);

    // Then
    Link peer = inPod.require("eth1");
    assertThat(end.kind()).isEqualTo("veth");
    assertThat(end.alias()).isEqualTo(ALIAS);
    assertThat(end.mtu()).isEqualTo(9000);
    assertThat(end.up()).isTrue();
    assertThat(end.noArp()).isTrue();
    assertThat(end.peerIndex()).isEqualTo(peer.index());
    assertThat(end.peerNetnsId()).isNotNegative();
    assertThat(peer.mtu()).isEqualTo(9000);
    assertThat(peer.up()).isFalse();
    assertThat(inNode.link("eth1")).isEmpty();
    assertThat(node.run("ip", "link", "show", "wft1")).contains("mtu 9000", "NOARP", ALIAS);
  }

  @Test
  void shouldGiveAVethOneQueueHoweverManyCpusThereAre() throws Exception {
    veth("wft1", "eth1", 1500);

    String one = "numtxqueues 1 numrxqueues 1 ";
    assertThat(node.run("ip", "-d", "-o", "link", "show", "wft1")).contains(one);
    assertThat(pod.run("ip", "-d", "-o", "link", "show", "eth1")).contains(one);
  }

  @Test
  void shouldKeepALinkFromGivingItselfALinkLocalAddress() throws Exception {
    // Given
    Link end = veth("wft1", "eth1", 1500);

    // When
    inPod.setNoLinkLocal(end.peerIndex());
    inPod.setUp(end.peerIndex());
    inPod.addAddress(end.peerIndex(), cidr("fd00::1/64"));

    // Then
    assertThat(node.run("ip", "-6", "addr", "show", "wft1")).contains("fe80:");
    assertThat(pod.run("ip", "-6", "addr", "show", "eth1"))
        .contains("fd00::1/64")
        .doesNotContain("fe80:");
  }

  @Test
  void shouldLeaveALinkWithoutIpv6AsItIs() throws Exception {
    Link end = veth("wft1", "eth1", 1000);

    inPod.setNoLinkLocal(end.peerIndex());
    inPod.setUp(end.peerIndex());

    assertThat(pod.run("ip", "-6", "addr", "show", "eth1")).isBlank();
  }

  @Test
  void shouldGiveThePeerTheMacThatIsAskedFor() throws Exception {
    VethSpec.Peer peer =
        new VethSpec.Peer(Optional.of(podNetns), "eth1", 65535, Optional.of("02:00:00:00:00:07"));

    inNode.createVeth(new VethSpec("wft1", 1500, "", false, false, peer));

    assertThat(inPod.require("eth1").mac()).isEqualTo("02:00:00:00:00:07");
    assertThat(inPod.require("eth1").mtu()).isEqualTo(65535);
    assertThat(inNode.require("wft1").up()).isFalse();
  }

  @Test
  void shouldSayWhyTheKernelRefused() throws Exception {
    // Given
    veth("wft1", "eth1", 1500);

    // Then
    assertThatThrownBy(() -> veth("wft2", "eth1", 1500))
        .isInstanceOf(LinuxException.class)
        .hasMessageStartingWith("create veth wft2 (peer eth1): File exists (EEXIST)");
    assertThat(inNode.link("wft2")).isEmpty();
    int index = inNode.require("wft1").index();
    assertThatThrownBy(() -> inNode.setMaster(index, index))
        .hasMessageStartingWith("set link " + index + " master " + index + ": ");
    assertThatThrownBy(() -> inNode.addRoute(Route.via(cidr("10.1.0.0/24"), ip("10.9.0.1"), 4711)))
        .hasMessage(
            "add route 10.1.0.0/24: No such device (ENODEV): Nexthop device required for onlink");
  }

  @Test
  void shouldChangeALink() throws Exception {
    // Given
    int index = veth("wft1", "eth1", 1500).index();

    // When
    inNode.setDown(index);
    inNode.setMtu(index, 1400);
    inNode.setAlias(index, "other");
    inNode.rename(index, "wft9");
    inNode.setMac(index, "02:00:00:00:00:09");
    inNode.setNoArp(index, false);
    Link bridge = inNode.createBridge("br0");
    inNode.setMaster(index, bridge.index());

    // Then
    Link link = inNode.link(index).orElseThrow();
    assertThat(link.name()).isEqualTo("wft9");
    assertThat(link.up()).isFalse();
    assertThat(link.noArp()).isFalse();
    assertThat(link.mtu()).isEqualTo(1400);
    assertThat(link.alias()).isEqualTo("other");
    assertThat(link.mac()).isEqualTo("02:00:00:00:00:09");
    assertThat(link.master()).isEqualTo(bridge.index());
    assertThat(inNode.links()).extracting(Link::name).contains("lo", "wft9", "br0");
  }

  @Test
  void shouldMoveALinkAndDeleteIt() throws Exception {
    // Given
    Link end = veth("wft1", "eth1", 1500);

    // When
    inNode.moveTo(end.index(), podNetns, "eth2");

    // Then
    Link moved = inPod.require("eth2");
    assertThat(inNode.link("wft1")).isEmpty();
    assertThat(moved.alias()).isEqualTo(ALIAS);
    assertThat(moved.up()).isFalse();
    inPod.delete(moved.index());
    assertThat(inPod.links()).extracting(Link::name).doesNotContain("eth1", "eth2");
  }

  @Test
  void shouldDeleteManyAtOnceAndNoOther() throws Exception {
    // Given two pairs within one namespace, many to another one, and one that is gone
    List<Integer> unwanted = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      unwanted.add(veth("wft" + i, "eth" + i, 1500).index());
    }
    inNode.delete(unwanted.get(0));
    VethSpec.Peer beside = new VethSpec.Peer(Optional.empty(), "b", 1500, Optional.empty());
    unwanted.add(inNode.createVeth(new VethSpec("a", 1500, ALIAS, true, false, beside)).index());
    unwanted.add(inNode.require("b").index());
    veth("kept", "ethkept", 1500);

    // When
    inNode.delete(unwanted);

    // Then
    assertThat(inNode.links()).extracting(Link::name).containsExactlyInAnyOrder("lo", "kept");
    assertThat(inPod.links()).extracting(Link::name).containsExactlyInAnyOrder("lo", "ethkept");
    assertThatCode(() -> inNode.delete(unwanted)).doesNotThrowAnyException();
    assertThatCode(() -> inNode.delete(List.of())).doesNotThrowAnyException();
  }

  @Test
  void shouldCreateAVxlanAndItsForwardingEntries() throws Exception {
    // Given
    Link end = veth("wft1", "eth1", 1500);
    inNode.addAddress(end.index(), cidr("10.99.0.1/24"));
    VxlanSpec spec =
        new VxlanSpec(
            "vx1", 5001, ip("10.99.0.1"), Optional.empty(), 4789, end.index(), false, 1450);

    // When
    Link vxlan = inNode.createVxlan(spec);
    FdbEntry unicast = new FdbEntry(vxlan.index(), "02:00:00:00:00:02", ip("10.99.0.2"));
    FdbEntry flood = new FdbEntry(vxlan.index(), FdbEntry.ANY, ip("10.99.0.2"));
    FdbEntry floodToo = new FdbEntry(vxlan.index(), FdbEntry.ANY, ip("10.99.0.3"));
    inNode.addFdb(unicast);
    inNode.addFdb(flood);
    inNode.addFdb(floodToo);
    Neighbour neighbour = new Neighbour(vxlan.index(), ip("10.42.2.0"), "02:00:00:00:00:02");
    inNode.addNeighbour(neighbour);

    // Then
    assertThat(vxlan.vxlan()).contains(spec);
    assertThat(inNode.fdb(vxlan.index())).containsExactlyInAnyOrder(unicast, flood, floodToo);
    assertThat(inNode.neighbours()).containsExactly(neighbour);
    inNode.deleteFdb(flood);
    inNode.deleteNeighbour(neighbour);
    assertThat(inNode.fdb(vxlan.index())).containsExactlyInAnyOrder(unicast, floodToo);
    assertThat(inNode.neighbours()).isEmpty();
  }

  @Test
  void shouldCreateAnIpv6VxlanWithOneRemote() throws Exception {
    VxlanSpec spec =
        new VxlanSpec("vx1", 5002, ip("fd00::1"), Optional.of(ip("fd00::2")), 4789, 0, false, 1430);

    assertThat(inNode.createVxlan(spec).vxlan()).contains(spec);
  }

  @Test
  void shouldCreateAMacvlanInAnotherNamespace() throws Exception {
    Link parent = veth("wft1", "eth1", 1500);

    inNode.createMacvlan("mac0", parent.index(), podNetns);

    assertThat(inPod.require("mac0").kind()).isEqualTo("macvlan");
    assertThat(pod.run("ip", "-d", "link", "show", "mac0")).contains("macvlan mode bridge");
  }

  @Test
  void shouldAddAndDeleteAddressesOfBothFamilies() throws Exception {
    // Given
    int index = veth("wft1", "eth1", 1500).index();
    Cidr four = cidr("12.12.12.1/24");
    Cidr six = cidr("fd00:12::1/64");

    // When
    inNode.addAddress(index, four);
    inNode.addAddress(index, four);
    inNode.addAddress(index, six);

    // Then
    assertThat(inNode.addresses())
        .filteredOn(address -> address.ifindex() == index)
        .map(LinkAddress::cidr)
        .contains(four, six);
    assertThat(node.run("ip", "-6", "addr", "show", "dev", "wft1")).doesNotContain("tentative");
    inNode.deleteAddress(index, four);
    inNode.deleteAddress(index, six);
    assertThat(inNode.addresses())
        .filteredOn(address -> address.ifindex() == index)
        .map(LinkAddress::cidr)
        .doesNotContain(four, six);
  }

  @Test
  void shouldKeepRoutesApartByTheirProtocol() throws Exception {
    // Given
    int index = veth("wft1", "eth1", 1500).index();
    node.run("ip", "route", "add", "10.50.0.0/24", "dev", "wft1");
    Route ours = Route.via(cidr("10.42.2.0/24"), ip("10.42.2.0"), index);
    Route six = Route.onLink(cidr("fd42::/64"), index);
    Route sixVia = Route.via(cidr("fd43::/64"), ip("fd43::"), index);

    // When
    inNode.addRoute(ours);
    inNode.addRoute(six);
    inNode.addRoute(sixVia);

    // Then
    assertThat(inNode.routes(Route.PROTOCOL)).containsExactlyInAnyOrder(ours, six, sixVia);
    assertThat(inNode.routes())
        .extracting(r -> r.destination().toString())
        .contains("10.50.0.0/24", "10.42.2.0/24");
    assertThat(inNode.routeTo(ip("10.42.2.9")))
        .hasValueSatisfying(way -> assertThat(way.ifindex()).isEqualTo(index));
    assertThat(inNode.routeTo(ip("192.0.2.1"))).isEmpty();
    assertThatThrownBy(() -> inNode.addRoute(ours))
        .hasMessageStartingWith("add route 10.42.2.0/24: File exists (EEXIST)");
    assertThat(inNode.replaceRoutes(List.of(ours))).isEmpty();
    inNode.deleteRoute(ours);
    assertThatThrownBy(() -> inNode.deleteRoute(ours))
        .hasMessageStartingWith("delete route 10.42.2.0/24: No such process (ESRCH)");
  }

  @Test
  void shouldHoldTenThousandRoutes() throws Exception {
    // Given
    int index = veth("wft1", "eth1", 1500).index();
    List<Route> routes =
        IntStream.range(0, 10_000)
            .mapToObj(i -> cidr("10." + (100 + (i >> 8)) + "." + (i & 0xff) + ".0/24"))
            .map(destination -> Route.onLink(destination, index))
            .toList();

    // When
    long start = System.nanoTime();
    List<RouteFailure> added = inNode.replaceRoutes(routes);
    long written = System.nanoTime();
    List<Route> dumped = inNode.routes(Route.PROTOCOL);
    long read = System.nanoTime();
    List<RouteFailure> again = inNode.addRoutes(routes);
    List<RouteFailure> deleted = inNode.deleteRoutes(routes);
    System.out.printf(
        "10,000 routes: %d ms to write, %d ms to dump%n",
        (written - start) / 1_000_000, (read - written) / 1_000_000);

    // Then
    assertThat(added).isEmpty();
    assertThat(dumped).containsExactlyInAnyOrderElementsOf(routes);
    assertThat(again).hasSize(10_000).extracting(RouteFailure::route).isEqualTo(routes);
    assertThat(again.get(9_999).cause()).hasMessageStartingWith("add route 10.139.15.0/24: File");
    assertThat(deleted).isEmpty();
    assertThat(inNode.routes(Route.PROTOCOL)).isEmpty();
  }

  private static Cidr cidr(String text) {
    return Cidr.parse(text);
  }

  private static java.net.InetAddress ip(String text) {
    return IpAddress.parse(text);
  }
}
