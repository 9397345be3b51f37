package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.LiveNetns;
import dev.weft.linux.Netns;
import dev.weft.linux.Route;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNetns;
import dev.weft.pod.PodRef;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernel's tables of two nodes whose eth0 are joined. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.IPTABLES})
class SubnetKernelIT {
  private static final Cidr RANGE = Cidr.parse("10.42.0.0/16");
  private static final Cidr RANGE6 = Cidr.parse("fd42::/48");
  private static final String ID1 = "1111111111111111";
  private static final String ID2 = "2222222222222222";
  private static final PodRef POD1 = PodRef.parse("p1");
  private static final PodRef POD2 = PodRef.parse("p2");

  private final Vertx vertx = Vertx.vertx();
  private final List<TestNetns> made = new ArrayList<>();
  private TestNetns one;
  private TestNetns two;
  private TestNetns pod1;
  private TestNetns pod2;
  private SubnetKernel kernel1;
  private SubnetKernel kernel2;

  @BeforeEach
  void join() throws Exception {
    one = netns("one");
    two = netns("two");
    pod1 = netns("pod1");
    pod2 = netns("pod2");
    one.run("ip", "link", "add", "eth0", "type", "veth", "peer", "eth0", "netns", two.name());
    one.run("ip", "addr", "add", "10.99.0.1/24", "dev", "eth0");
    two.run("ip", "addr", "add", "10.99.0.2/24", "dev", "eth0");
    one.run("ip", "link", "set", "eth0", "up");
    two.run("ip", "link", "set", "eth0", "up");
    kernel1 = open(one, ID1);
    kernel2 = open(two, ID2);
  }

  @AfterEach
  void remove() throws Exception {
    kernel1.close();
    kernel2.close();
    made.forEach(TestNetns::close);
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void shouldMakeNothingBeforeItIsNeeded() throws Exception {
    String before = one.run("ls", "/sys/class/net");

    Observed observed = kernel1.reconcile(wanted("10.42.1.0/24", List.of(), Map.of(), List.of()));

    assertThat(observed.changes()).isEmpty();
    assertThat(one.run("ls", "/sys/class/net")).isEqualTo(before);
    assertThat(one.run("ip", "route")).doesNotContain("10.42");
  }

  @Test
  void shouldCarryWholePacketsBetweenPodsOfDifferentSubnets() throws Exception {
    Observed observed = connect();

    assertThat(observed.mtu()).isEqualTo(1450);
    assertThat(observed.podProblems()).isEmpty();
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
    assertThat(ping(pod2, "10.42.1.10", 1450)).isPresent();
    assertThat(pod1.run("ip", "-N", "route")).contains("default via 10.42.1.1 dev eth0 proto 173");
    assertThat(one.run("ip", "-d", "link", "show", "vxlan100"))
        .contains("vxlan id 100", "local 10.99.0.1", "dstport 4789", "nolearning", "mtu 1450");
    assertThat(one.run("ip", "route"))
        .contains("10.42.2.0/24 via 10.42.2.0 dev vxlan100", "onlink");
  }

  @Test
  void shouldCarryIpv6BesideIpv4() throws Exception {
    for (int pass = 0; pass < 2; pass++) {
      kernel1.reconcile(dual("10.42.1.0/24", "10.42.2.0/24", ID2, "10.99.0.2", end(POD1, pod1)));
      kernel2.reconcile(dual("10.42.2.0/24", "10.42.1.0/24", ID1, "10.99.0.1", end(POD2, pod2)));
    }

    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(ping(pod1, "fd42:0:0:2::a", 1430)).isPresent());
    assertThat(one.run("ip", "-6", "route"))
        .contains("fd42:0:0:2::/64 via fd42:0:0:2:: dev vxlan100");
    assertThat(pod1.run("ip", "-6", "route")).contains("default via fd42:0:0:1::1 dev eth0");
    Observed third =
        kernel1.reconcile(dual("10.42.1.0/24", "10.42.2.0/24", ID2, "10.99.0.2", end(POD1, pod1)));
    assertThat(third.changes()).isEmpty();
    assertThat(third.troubles()).isEmpty();
  }

  @Test
  void shouldCarryIpv4WhereAPodOrTheHostHasNoIpv6() throws Exception {
    pod1.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    two.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");

    Observed first =
        kernel1.reconcile(dual("10.42.1.0/24", "10.42.2.0/24", ID2, "10.99.0.2", end(POD1, pod1)));
    Observed second =
        kernel2.reconcile(dual("10.42.2.0/24", "10.42.1.0/24", ID1, "10.99.0.1", end(POD2, pod2)));

    assertThat(first.podProblems().get(POD1)).contains("disable_ipv6 = 0 in the pod");
    assertThat(second.troubles().get(Trouble.SECOND)).contains("disable_ipv6 = 1 (expected: 0)");
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
  }

  private static Wanted dual(
      String own, String other, String id, String endpoint, Wanted.PodEnd pod) {
    SecondRange beside = new SecondRange(new SubnetRange(RANGE, 24), RANGE6);
    Wanted.Peer peer = peer(id, other, endpoint);
    Cidr leased = Cidr.parse(own);
    InetAddress address = new AddressPool(leased).lowest(Set.of()).orElseThrow();
    return new Wanted(
        Optional.of(leased),
        beside.part(leased),
        List.of(IpAddress.parse(endpoint)),
        List.of(peer.beside(beside.part(peer.subnet()))),
        Map.of(),
        Set.of(),
        List.of(
            new Wanted.PodEnd(
                pod.pod(),
                pod.netns(),
                address,
                beside.address(leased, address).map(Cidr::address))));
  }

  private static Wanted.PodEnd end(PodRef pod, TestNetns netns) {
    return end(pod, netns, "10.42.0.10");
  }

  @Test
  void shouldChangeNothingInASecondPass() throws Exception {
    connect();
    String links = settledAddresses();

    Observed again = kernel1.reconcile(wanted1());

    assertThat(again.changes()).isEmpty();
    assertThat(settledAddresses()).isEqualTo(links);
  }

  @Test
  void shouldRepairWhatSomeoneElseDeleted() throws Exception {
    connect();
    one.run("ip", "route", "del", "10.42.2.0/24");
    one.run(
        "bridge", "fdb", "del", SubnetNames.overlayMac(ID2), "dev", "vxlan100", "dst", "10.99.0.2");
    one.run("ip", "neigh", "del", "10.42.2.0", "dev", "vxlan100");
    pod1.run("ip", "route", "del", "default");

    kernel1.reconcile(wanted1());

    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
  }

  @Test
  void shouldFollowAMemberWhoseAddressChanges() throws Exception {
    connect();
    two.run("ip", "addr", "del", "10.99.0.2/24", "dev", "eth0");
    two.run("ip", "addr", "add", "10.99.0.7/24", "dev", "eth0");

    Observed second = kernel2.reconcile(wanted2());
    kernel1.reconcile(
        wanted(
            "10.42.1.0/24",
            List.of(peer(ID2, "10.42.2.0/24", "10.99.0.7")),
            Map.of(),
            List.of(end(POD1, pod1, "10.42.1.10"))));

    assertThat(second.endpoint()).isEqualTo(IpAddress.parse("10.99.0.7"));
    assertThat(one.run("bridge", "fdb", "show", "dev", "vxlan100"))
        .contains("dst 10.99.0.7")
        .doesNotContain("dst 10.99.0.2");
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
  }

  @Test
  void shouldRemoveWhatBelongsToAMemberThatLeft() throws Exception {
    connect();

    Observed alone =
        kernel1.reconcile(
            wanted("10.42.1.0/24", List.of(), Map.of(), List.of(end(POD1, pod1, "10.42.1.10"))));

    assertThat(alone.changes())
        .containsExactly(new RouteChanged("10.42.2.0/24", "vxlan100", false));
    assertThat(one.run("ip", "route")).doesNotContain("10.42.2.0");
    assertThat(one.run("bridge", "fdb", "show", "dev", "vxlan100")).doesNotContain("10.99.0.2");
    assertThat(one.run("ip", "neigh")).doesNotContain("10.42.2.0");
  }

  @Test
  void shouldDetachAPodAndLeaveItsNamespace() throws Exception {
    connect();

    kernel1.reconcile(wanted("10.42.1.0/24", List.of(), Map.of(), List.of()));

    assertThat(pod1.run("ip", "-o", "link")).doesNotContain("eth0");
    assertThat(one.run("ip", "-o", "link")).doesNotContain("wp");
  }

  @Test
  void shouldLeaveAnInterfaceThatThePodHadAlready() throws Exception {
    pod1.run("ip", "link", "add", "eth0", "type", "bridge");

    Observed observed = kernel1.reconcile(wanted1());

    assertThat(observed.podProblems().get(POD1)).contains("eth0", "p1", "Weft did not make it");
    assertThat(pod1.run("ip", "-d", "link", "show", "eth0")).contains("bridge");
  }

  @Test
  void shouldLeaveAnotherProgramsVxlan100AndTakeASecondName() throws Exception {
    one.run(
        "ip",
        "link",
        "add",
        "vxlan100",
        "type",
        "vxlan",
        "id",
        "100",
        "dstport",
        "8472",
        "local",
        "10.99.0.1");

    Observed observed = connect();

    assertThat(observed.device()).isEqualTo("weft-vx");
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
    assertThat(one.run("ip", "-d", "link", "show", "vxlan100")).contains("dstport 8472");
  }

  @Test
  void shouldAdoptWhatACrashLeftHalfMade() throws Exception {
    one.run(
        "ip",
        "link",
        "add",
        "vxlan100",
        "type",
        "vxlan",
        "id",
        "100",
        "dstport",
        "4789",
        "local",
        "10.99.0.1",
        "dev",
        "eth0",
        "nolearning");
    one.run("ip", "link", "add", "weft0", "type", "bridge");
    one.run(
        "ip",
        "link",
        "add",
        SubnetNames.linkName(POD1.toString()),
        "type",
        "veth",
        "peer",
        "eth0",
        "netns",
        pod1.name());

    Observed observed = connect();

    assertThat(observed.device()).isEqualTo("vxlan100");
    assertThat(observed.podProblems()).isEmpty();
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
  }

  @Test
  void shouldTakeOverWhatAnEarlierProcessMade() throws Exception {
    connect();
    one.run("ip", "route", "add", "10.77.0.0/16", "dev", "vxlan100", "proto", "173");
    kernel1.close();
    kernel1 = open(one, ID1);

    Observed observed = kernel1.reconcile(wanted1());

    assertThat(observed.changes())
        .containsExactly(new RouteChanged("10.77.0.0/16", "vxlan100", false));
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
  }

  @Test
  void shouldLeaveRoutesOfIsisAlone() throws Exception {
    one.run("ip", "route", "add", "10.77.0.0/16", "dev", "eth0", "proto", "187");

    connect();

    assertThat(one.run("ip", "-N", "route")).contains("10.77.0.0/16 dev eth0 proto 187");
  }

  @Test
  void shouldLeaveRoutesOfAProgramWithTheSameProtocolNumber() throws Exception {
    one.run("ip", "route", "add", "10.77.0.0/16", "dev", "eth0", "proto", "173");

    connect();
    kernel1.removeAll(Set.of());

    assertThat(one.run("ip", "-N", "route")).contains("10.77.0.0/16 dev eth0 proto 173");
  }

  @Test
  void shouldSeeAThrowRouteOfAnotherMetric() throws Exception {
    one.run("ip", "route", "add", "throw", "10.50.0.0/16", "metric", "100");

    assertThat(examine("10.50.0.0/16", "eth0")).hasMessageContaining("10.50.0.0/16 throw proto 3");
  }

  @Test
  void shouldAdoptARouteThatAnOlderVersionLeft() throws Exception {
    connect();
    String former = "10.42.2.0/24 via 10.42.2.0 dev vxlan100 onlink";
    assertThat(one.run("ip", "-N", "route")).contains("10.42.2.0/24", "proto 173");
    one.run("sh", "-c", "ip route del 10.42.2.0/24 && ip route add proto 187 " + former);

    kernel1.reconcile(wanted1());

    assertThat(one.run("ip", "-N", "route", "show", "10.42.2.0/24").lines())
        .singleElement()
        .asString()
        .contains("proto 173");
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
  }

  @Test
  void shouldRefuseARangeThatTheHostUses() throws Exception {
    one.run("ip", "route", "add", "10.42.9.0/24", "dev", "eth0");

    Observed observed = kernel1.reconcile(wanted1());

    assertThat(observed.refusal()).isEqualTo("10.42.9.0/24 dev eth0 proto 3");
    assertThat(one.run("ip", "-o", "link")).doesNotContain("vxlan100", "weft0");
    assertThat(observed.podProblems().get(POD1)).contains("10.42.9.0/24");
  }

  @ParameterizedTest
  @CsvSource({
    "blackhole 10.42.9.0/24, 10.42.9.0/24 blackhole proto 3",
    "10.42.0.0/16 nexthop dev eth0 nexthop dev eth0, 10.42.0.0/16 multipath proto 3",
  })
  void shouldRefuseARangeForARouteOfWhateverKind(String route, String refusal) throws Exception {
    addRoute(route);

    assertThat(kernel1.reconcile(wanted1()).refusal()).isEqualTo(refusal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.0/8 dev eth0", "default dev eth0", "blackhole 10.40.0.0/14"})
  void shouldTakeARangeInsideAWiderRoute(String route) throws Exception {
    addRoute(route);

    assertThat(kernel1.reconcile(wanted1()).refusal()).isNull();
  }

  private void addRoute(String route) throws Exception {
    one.run(Stream.of(("ip route add " + route).split(" ")).toArray(String[]::new));
  }

  @Test
  void shouldReachInjectedDestinationsThroughTheOverlay() throws Exception {
    Map<Cidr, String> injected = Map.of(Cidr.parse("172.20.0.0/24"), "vxlan100");
    two.run("ip", "addr", "add", "172.20.0.5/32", "dev", "lo");
    connect();

    kernel1.reconcile(
        wanted(
            "10.42.1.0/24",
            List.of(peer(ID2, "10.42.2.0/24", "10.99.0.2")),
            injected,
            List.of(end(POD1, pod1, "10.42.1.10"))));

    assertThat(ping(pod1, "172.20.0.5", 1450)).isPresent();
  }

  @Test
  void shouldLeaveAnotherProgramsRoute() throws Exception {
    one.run("ip", "route", "add", "10.50.0.0/16", "dev", "eth0", "metric", "100");
    one.run("ip", "route", "add", "10.51.0.0/16", "dev", "eth0");
    String before = one.run("ip", "route");

    Cidr removed = Cidr.parse("10.51.0.0/16");
    Set<Cidr> both = Set.of(Cidr.parse("10.50.0.0/16"), removed);

    assertThat(examine("10.50.0.0/16", "eth0"))
        .hasMessageContaining("10.50.0.0/16 dev eth0 proto 3");
    assertThat(examine("10.51.0.0/16", null).fault()).isEqualTo(Fault.CONFLICT);
    Map<Cidr, WeftException> refused =
        kernel1.routes().put(List.of(Route.onLink(removed, index(one, "eth0"))), both);
    kernel1.routes().delete(both);
    Observed observed =
        kernel1.reconcile(
            wanted(
                "10.42.1.0/24", List.of(), Map.of(Cidr.parse("10.51.0.0/16"), "eth0"), List.of()));

    assertThat(refused).containsOnlyKeys(Cidr.parse("10.51.0.0/16"));
    assertThat(observed.problems().get(Cidr.parse("10.51.0.0/16"))).contains("another program");
    assertThat(one.run("ip", "route")).isEqualTo(before);
  }

  @Test
  void shouldRefuseADeviceThatIsNotThere() throws Exception {
    assertThat(examine("10.50.0.0/16", "eth7"))
        .hasMessage("interface: eth7 (expected: one of this host)");
  }

  @Test
  void shouldReconcileTenThousandRoutesWithOneDumpAndNoWrite() throws Exception {
    Map<Cidr, String> many = new HashMap<>();
    for (int i = 0; i < 10_000; i++) {
      many.put(
          Cidr.parse("11." + (i >> 16 & 255) + "." + (i >> 8 & 255) + "." + (i & 255) + "/32"),
          "eth0");
    }
    Wanted wanted = wanted("10.42.1.0/24", List.of(), many, List.of());
    Observed first = kernel1.reconcile(wanted);

    long begun = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    Observed second = kernel1.reconcile(wanted);
    long cpuMillis =
        (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - begun) / 1_000_000;

    System.out.println("a pass over 10,000 routes with nothing to do: " + cpuMillis + " ms of CPU");
    assertThat(cpuMillis).isLessThan(200);
    assertThat(first.problems()).isEmpty();
    assertThat(first.changes()).hasSize(10_000);
    assertThat(second.changes()).isEmpty();
    assertThat(one.run("ip", "route", "show", "proto", "173").lines()).hasSize(10_000);
  }

  @Test
  void shouldLetOneNodeKeepANamespace() {
    assertThatThrownBy(() -> open(one, ID2)).hasMessageContaining("another node keeps the routes");
  }

  @ParameterizedTest
  @CsvSource({"10.99.0, 1450, 1402", "fd99::, 1430, 1382"})
  void shouldCarryIpv6PodsOverEitherUnderlay(String underlay, int mtu, int payload)
      throws Exception {
    boolean four = underlay.contains(".");
    String near = four ? underlay + ".1" : underlay + "1";
    String far = four ? underlay + ".2" : underlay + "2";
    if (!four) {
      one.run("ip", "addr", "add", near + "/64", "dev", "eth0", "nodad");
      two.run("ip", "addr", "add", far + "/64", "dev", "eth0", "nodad");
    }
    kernel1.close();
    kernel2.close();
    kernel1 = open(one, ID1, Cidr.parse("fd42::/48"));
    kernel2 = open(two, ID2, Cidr.parse("fd42::/48"));

    Observed second = kernel2.reconcile(six(2, pod2, ID1, 1, near));
    Observed first = kernel1.reconcile(six(1, pod1, ID2, 2, far));

    assertThat(first.podProblems()).isEmpty();
    assertThat(second.podProblems()).isEmpty();
    assertThat(first.problems()).isEmpty();
    assertThat(first.mtu()).isEqualTo(mtu);
    try (Netns netns = pod1.open();
        IcmpEcho echo = IcmpEcho.open(netns, IpAddress.parse("fd42:0:0:2::a"), payload, true)) {
      assertThat(echo.ping(Duration.ofSeconds(3))).isPresent();
    }
    assertThat(kernel1.reconcile(six(1, pod1, ID2, 2, far)).changes()).isEmpty();
  }

  private static Wanted six(
      int own, TestNetns pod, String peerId, int peerNumber, String endpoint) {
    Wanted.Peer peer = peer(peerId, "fd42:0:0:" + peerNumber + "::/64", endpoint);
    Wanted.PodEnd end =
        new Wanted.PodEnd(
            PodRef.parse("p" + own), pod.name(), IpAddress.parse("fd42:0:0:" + own + "::a"));
    return new Wanted(
        Optional.of(Cidr.parse("fd42:0:0:" + own + "::/64")),
        List.of(IpAddress.parse(endpoint)),
        List.of(peer),
        Map.of(),
        List.of(end));
  }

  @Test
  void shouldTakeEverythingAwayWhenToldTo() throws Exception {
    one.run("ip", "route", "add", "10.51.0.0/16", "dev", "eth0");
    String links = one.run("ip", "-o", "link").replaceAll("@if\\d+", "");
    String routes = one.run("ip", "route");
    connect();

    kernel1.removeAll(Set.of());

    assertThat(one.run("ip", "-o", "link").replaceAll("@if\\d+", "")).isEqualTo(links);
    assertThat(one.run("ip", "route")).isEqualTo(routes);
  }

  @Test
  void shouldLeaveAddressesThatOthersAddToItsDevices() throws Exception {
    connect();
    one.run("ip", "addr", "add", "10.42.1.250/32", "dev", "weft0");
    one.run("ip", "addr", "add", "192.0.2.1/24", "dev", "vxlan100");
    pod1.run("ip", "addr", "add", "192.168.7.1/24", "dev", "eth0");

    kernel1.reconcile(wanted1());
    Observed moved =
        kernel1.reconcile(
            wanted(
                "10.42.1.0/24",
                List.of(peer(ID2, "10.42.2.0/24", "10.99.0.2")),
                Map.of(),
                List.of(end(POD1, pod1, "10.42.1.11"))));

    assertThat(moved.podProblems()).isEmpty();
    assertThat(one.run("ip", "-o", "addr", "show", "weft0")).contains("10.42.1.250", "10.42.1.1/");
    assertThat(one.run("ip", "-o", "addr", "show", "vxlan100")).contains("192.0.2.1", "10.42.1.0/");
    assertThat(pod1.run("ip", "-o", "addr", "show", "eth0"))
        .contains("192.168.7.1/24", "10.42.1.11/24")
        .doesNotContain("10.42.1.10/");
  }

  @Test
  void shouldKeepTheHostsIpv6DefaultRouteAndGiveItsSettingsBack() throws Exception {
    // Given a default route from a router advertisement (RFC 4861, 4.2)
    one.run("sysctl", "-qw", "net.ipv6.conf.eth0.accept_ra=1");
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> !two.run("ip", "-6", "addr", "show", "eth0").contains("tentative"));
    two.run("/usr/bin/python3", "-c", ADVERTISE);
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> one.run("ip", "-6", "route").contains("default via"));
    kernel1.close();
    kernel1 = open(one, ID1, Cidr.parse("fd42::/48"));

    // When
    Observed observed = kernel1.reconcile(six(1, pod1, ID2, 2, "10.99.0.2"));

    // Then
    assertThat(observed.podProblems()).isEmpty();
    assertThat(settings()).isEqualTo("1 2");
    assertThat(one.run("ip", "-6", "route")).contains("default via");
    one.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=0");
    kernel1.reconcile(six(1, pod1, ID2, 2, "10.99.0.2"));
    assertThat(settings()).isEqualTo("1 2");
    kernel1.close();
    kernel1 = open(one, ID1, Cidr.parse("fd42::/48"));
    kernel1.removeAll(Set.of());
    assertThat(settings()).isEqualTo("0 1");
    assertThat(one.run("ip", "-6", "route")).contains("default via");
  }

  private static final String ADVERTISE =
      """
      import socket, struct
      s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
      s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
      at = socket.if_nametoindex('eth0')
      s.sendto(struct.pack('!BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0), ('ff02::1', 0, 0, at))
      """;

  /** Whether the host forwards IPv6, and how it takes router advertisements. */
  private String settings() throws Exception {
    return one.run("sysctl", "-n", "net.ipv6.conf.all.forwarding", "net.ipv6.conf.eth0.accept_ra")
        .strip()
        .replace('\n', ' ');
  }

  @Test
  void shouldAttachPodsAndNameTheDeviceThatHasTheOverlaysPort() throws Exception {
    String foreign = "ip link add other type vxlan id 100 dstport 4789 local 10.99.0.1 dev eth0";
    one.run(foreign.split(" "));

    Observed observed = connect();

    assertThat(observed.podProblems()).isEmpty();
    assertThat(observed.troubles().get(Trouble.OVERLAY))
        .contains("vni: 100 is in use by interface other");
    assertThat(observed.problems().get(Cidr.parse("10.42.2.0/24"))).contains("interface other");
    one.run("ip", "link", "del", "other");
    try (Netns netns = one.open();
        DatagramSocket program = netns.call(() -> new DatagramSocket(4789))) {
      assertThat(program.isBound()).isTrue();
      assertThat(kernel1.reconcile(wanted1()).troubles().get(Trouble.OVERLAY))
          .contains("UDP port: 4789 is in use by a program's socket");
    }
    assertThat(kernel1.reconcile(wanted1()).problems()).isEmpty();
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
  }

  @Test
  void shouldLetInjectedRoutesYieldToSubnetsThatCameLater() throws Exception {
    Map<Cidr, String> injected =
        Map.of(
            Cidr.parse("10.42.2.0/25"), "eth0",
            Cidr.parse("10.42.2.0/24"), "eth0",
            Cidr.parse("10.42.1.128/25"), "eth0",
            Cidr.parse("10.50.0.0/16"), "eth0");
    kernel2.reconcile(wanted2());
    kernel1.reconcile(new Wanted(Optional.empty(), List.of(), List.of(), injected, List.of()));
    assertThat(one.run("ip", "route")).contains("10.42.2.0/25", "10.42.2.0/24", "10.42.1.128/25");
    Wanted later = wanted1();

    Observed observed =
        kernel1.reconcile(
            new Wanted(later.own(), later.members(), later.peers(), injected, later.pods()));

    assertThat(observed.problems())
        .containsOnlyKeys(Cidr.parse("10.42.2.0/25"), Cidr.parse("10.42.1.128/25"));
    assertThat(observed.problems().get(Cidr.parse("10.42.2.0/25")))
        .contains("yields", "10.42.2.0/24", "n" + ID2);
    assertThat(one.run("ip", "route"))
        .contains("10.42.2.0/24 via 10.42.2.0 dev vxlan100", "10.50.0.0/16 dev eth0")
        .doesNotContain("10.42.2.0/25", "10.42.1.128/25");
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
    // The member's route is no injected one, whatever an agent removes.
    kernel1.routes().delete(Set.of(Cidr.parse("10.42.2.0/24")));
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
  }

  @Test
  void shouldLeaveForwardingEntriesOfHostsThatItDoesNotKnow() throws Exception {
    connect();
    String agent = "bridge fdb append 02:aa:bb:cc:dd:ee dev vxlan100 dst 10.99.0.77";
    one.run(agent.split(" "));
    one.run("ip", "neigh", "add", "10.42.9.0", "lladdr", "02:aa:bb:cc:dd:ee", "dev", "vxlan100");

    kernel1.reconcile(wanted1());

    assertThat(one.run("bridge", "fdb", "show", "dev", "vxlan100")).contains("10.99.0.77");
    assertThat(one.run("ip", "neigh")).contains("10.42.9.0");
  }

  @Test
  void shouldTakePacketsOnlyFromMembersAndOnlyFromTheirSubnets() throws Exception {
    connect();
    two.run("ip", "addr", "add", "10.99.0.66/24", "dev", "eth0");
    try (Netns pod = pod1.open();
        DatagramSocket inside = pod.call(() -> new DatagramSocket(7777))) {
      inside.setSoTimeout(10_000);

      forge("10.99.0.66", "10.42.2.10", 1);
      forge("10.99.0.2", "10.42.3.10", 2);
      forge("10.99.0.2", "192.0.2.1", 3);
      forge("10.99.0.2", "10.42.2.77", 4);

      DatagramPacket packet = new DatagramPacket(new byte[16], 16);
      inside.receive(packet);
      assertThat(packet.getData()[0]).isEqualTo((byte) 4);
    }
    assertThat(one.run("nft", "list", "table", "inet", "weft"))
        .contains("comment \"weft:" + ID1 + ":subnet:fence\"", "counter packets 3");
    // What somebody else deletes is there again; what this node made goes with the rest.
    one.run("nft", "delete", "table", "inet", "weft");
    kernel1.reconcile(wanted1());
    assertThat(one.run("nft", "list", "table", "inet", "weft")).contains("udp dport 4789");
    kernel1.removeAll(Set.of());
    assertThat(one.run("nft", "list", "ruleset")).doesNotContain("weft");
  }

  @Test
  void shouldLeaveAnotherProgramsTable() throws Exception {
    one.run("nft", "add", "table", "inet", "weft");

    Observed observed = connect();

    assertThat(observed.troubles().get(Trouble.FENCE))
        .contains("table inet weft is another program's");
    kernel1.removeAll(Set.of());
    assertThat(one.run("nft", "list", "tables")).contains("table inet weft");
  }

  @Test
  void shouldTellPodsOfTheMtuOfAPeerThatHasLess() throws Exception {
    two.run("ip", "link", "set", "eth0", "mtu", "1400");
    Observed second = kernel2.reconcile(wanted2());
    Wanted.Peer peer =
        new Wanted.Peer(
            ID2,
            "n2",
            Cidr.parse("10.42.2.0/24"),
            PacketCarrier.VXLAN,
            IpAddress.parse("10.99.0.2"),
            second.mtu());
    List<Wanted.PodEnd> pods = List.of(end(POD1, pod1, "10.42.1.10"));

    kernel1.reconcile(wanted1());
    kernel1.reconcile(wanted("10.42.1.0/24", List.of(peer), Map.of(), pods));

    assertThat(second.mtu()).isEqualTo(1350);
    assertThat(one.run("ip", "route")).containsPattern("10.42.2.0/24 .*mtu 1350");
    assertThat(ping(pod1, "10.42.2.10", 1350)).isPresent();
    assertThatThrownBy(
            () -> {
              // The first one is answered by the host: fragmentation needed (RFC 1191).
              assertThat(ping(pod1, "10.42.2.10", 1450)).isEmpty();
              ping(pod1, "10.42.2.10", 1450);
            })
        .hasMessageContaining("EMSGSIZE");
    assertThat(pod1.run("ip", "route", "get", "10.42.2.10")).contains("mtu 1350");
    Observed again = kernel1.reconcile(wanted("10.42.1.0/24", List.of(peer), Map.of(), pods));
    assertThat(again.changes()).isEmpty();
    // With 1500 on both sides again the route needs no MTU.
    kernel1.reconcile(wanted1());
    assertThat(one.run("ip", "route", "show", "10.42.2.0/24")).doesNotContain("mtu");
  }

  @Test
  void shouldHaveItsDevicesPassPacketsOnWhateverSomebodySetThere() throws Exception {
    connect();
    one.run(
        "sysctl",
        "-qw",
        "net.ipv4.ip_forward=0",
        "net.ipv4.conf.all.rp_filter=1",
        "net.ipv4.conf.vxlan100.rp_filter=1");
    kernel1.reconcile(wanted1());
    one.run(
        "sysctl", "-qw", "net.ipv4.conf.vxlan100.forwarding=0", "net.ipv4.conf.weft0.forwarding=0");
    assertThat(ping(pod1, "10.42.2.10", 1450)).isEmpty();

    kernel1.reconcile(wanted1());

    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
    assertThat(one.run("sysctl", "-n", "net.ipv4.conf.vxlan100.rp_filter").strip()).isEqualTo("2");
  }

  @Test
  void shouldLetPodsReachOtherNetworksWithTheAddressOfTheirHost() throws Exception {
    connect();
    two.run("ip", "addr", "add", "192.0.2.1/32", "dev", "lo");
    one.run("ip", "route", "add", "192.0.2.1", "via", "10.99.0.2");

    assertThat(ping(pod1, "192.0.2.1", 1400)).isPresent();

    assertThat(one.run("nft", "list", "table", "inet", "weft"))
        .contains(
            "ip saddr 10.42.1.0/24 ip daddr != 10.42.0.0/16 oifname != \"vxlan100\" counter",
            "masquerade");
    kernel1.reconcile(wanted("10.42.1.0/24", List.of(), Map.of(), List.of()));
    assertThat(one.run("nft", "list", "ruleset")).doesNotContain("masquerade");
  }

  @Test
  void shouldLetPodsPassAHostWhoseIptablesDropsWhatItForwards() throws Exception {
    two.run("ip", "addr", "add", "192.0.2.1/32", "dev", "lo");
    one.run("ip", "route", "add", "192.0.2.1", "via", "10.99.0.2");
    one.run("iptables", "-P", "FORWARD", "DROP");
    one.run("iptables", "-A", "FORWARD", "-s", "198.51.100.0/24", "-j", "ACCEPT");
    Observed observed = connect();

    assertThat(observed.troubles()).isEmpty();
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
    assertThat(ping(pod2, "10.42.1.10", 1450)).isPresent();
    assertThat(ping(pod1, "192.0.2.1", 1400)).isPresent();
    kernel1.reconcile(wanted1());
    String comment = "-m comment --comment \"weft:" + ID1 + ":subnet:forward";
    assertThat(one.run("iptables", "-S", "FORWARD").lines())
        .hasSize(5)
        .startsWith("-P FORWARD DROP", "-A FORWARD -s 198.51.100.0/24 -j ACCEPT")
        .anyMatch(
            rule ->
                rule.startsWith("-A FORWARD -s 10.42.0.0/16 -d 10.42.0.0/16 ")
                    && rule.contains(comment)
                    && rule.endsWith("-j ACCEPT"))
        .anyMatch(
            rule ->
                rule.startsWith("-A FORWARD -d 10.42.1.0/24 ")
                    && rule.contains("--ctstate RELATED,ESTABLISHED"));
    // What somebody flushes is there again; what this node made goes with the rest.
    one.run("iptables", "-F", "FORWARD");
    kernel1.reconcile(wanted1());
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
    kernel1.removeAll(Set.of());
    assertThat(one.run("iptables", "-S", "FORWARD").strip()).isEqualTo("-P FORWARD DROP");
  }

  @Test
  void shouldTellWhichChainOfAnotherProgramDropsWhatItForwards() throws Exception {
    one.run("nft", "add table inet mine");
    one.run(
        "nft", "add chain inet mine passing { type filter hook forward priority 0; policy drop; }");
    connect();

    assertThat(kernel1.reconcile(wanted1()).troubles().get(Trouble.FORWARD))
        .isEqualTo(
            "chain inet mine passing has the policy drop, and no rule of it names 10.42.0.0/16 or"
                + " weft0");

    one.run("nft", "add rule inet mine passing ip saddr 10.42.0.0/16 ip daddr 10.42.0.0/16 accept");
    assertThat(kernel1.reconcile(wanted1()).troubles()).isEmpty();
    assertThat(ping(pod1, "10.42.2.10", 1450)).isPresent();
  }

  @ParameterizedTest
  @CsvSource({
    "-s 10.42.0.0/16 -d 10.42.0.0/16",
    "-d 10.0.0.0/8",
    "-i weft0",
    "-o weft0 -p tcp",
  })
  void shouldTellThatIptablesLegacyDropsWhatItForwards(String rule) throws Exception {
    try {
      one.run("iptables-legacy", "-P", "FORWARD", "DROP");
    } catch (AssertionError e) {
      Assumptions.abort("no iptables-legacy here: " + e.getMessage());
    }
    one.run("iptables-legacy", "-A", "FORWARD", "-s", "192.0.2.0/24", "-j", "ACCEPT");
    connect();

    assertThat(kernel1.reconcile(wanted1()).troubles().get(Trouble.FORWARD))
        .isEqualTo(
            "chain FORWARD of iptables-legacy has the policy drop, and no rule of its table names"
                + " 10.42.0.0/16 or weft0: iptables-legacy -I FORWARD -s 10.42.0.0/16 -d"
                + " 10.42.0.0/16 -j ACCEPT");
    assertThat(two.run("cat", "/proc/net/ip_tables_names")).isEmpty();

    one.run(("iptables-legacy -A FORWARD " + rule + " -j ACCEPT").split(" ", -1));
    assertThat(kernel1.reconcile(wanted1()).troubles()).isEmpty();
  }

  @Test
  void shouldTellThatIp6tablesLegacyDropsWhatItForwards() throws Exception {
    Wanted both = dual("10.42.1.0/24", "10.42.2.0/24", ID2, "10.99.0.2", end(POD1, pod1));
    try {
      one.run("ip6tables-legacy", "-P", "FORWARD", "DROP");
    } catch (AssertionError e) {
      Assumptions.abort("no ip6tables-legacy here: " + e.getMessage());
    }

    assertThat(kernel1.reconcile(both).troubles().get(Trouble.FORWARD))
        .startsWith("chain FORWARD of ip6tables-legacy has the policy drop")
        .contains("fd42::/48");

    one.run("ip6tables-legacy", "-A", "FORWARD", "-s", "fd42::/48", "-j", "ACCEPT");
    assertThat(kernel1.reconcile(both).troubles()).isEmpty();
  }

  /** Sends pod 1 a datagram of one byte through the overlay, as if from an address inside. */
  private void forge(String from, String source, int number) throws Exception {
    ByteBuffer packet = ByteBuffer.allocate(8 + 14 + 20 + 8 + 1);
    packet.put((byte) 8).position(4);
    packet.putInt(100 << 8);
    packet.put(mac(SubnetNames.overlayMac(ID1))).put(mac(SubnetNames.overlayMac(ID2)));
    packet.putShort((short) 0x0800);
    int ip = packet.position();
    packet.putShort((short) 0x4500).putShort((short) 29).putInt(0).putShort((short) 0x4011);
    packet.putShort((short) 0);
    packet.put(IpAddress.parse(source).getAddress());
    packet.put(IpAddress.parse("10.42.1.10").getAddress());
    int sum = 0;
    for (int i = 0; i < 20; i += 2) {
      sum += packet.getShort(ip + i) & 0xffff;
    }
    packet.putShort(ip + 10, (short) ~(sum + (sum >> 16)));
    packet.putShort((short) 7777).putShort((short) 7777).putShort((short) 9).putShort((short) 0);
    packet.put((byte) number);
    try (Netns netns = two.open();
        DatagramSocket out =
            netns.call(() -> new DatagramSocket(new InetSocketAddress(from, 40_000 + number)))) {
      out.send(
          new DatagramPacket(
              packet.array(), packet.capacity(), IpAddress.parse("10.99.0.1"), 4789));
    }
  }

  private static byte[] mac(String text) {
    return java.util.HexFormat.ofDelimiter(":").parseHex(text);
  }

  @Test
  void shouldRemoveTheRecordsOfNamespacesThatAreGone(@TempDir Path directory) throws Exception {
    OpenNetns own = OpenNetns.open(one.name());
    Path ofOwn = record(directory, own.identity());
    Path ofNamed = record(directory, Netns.cookieOf(two.name()));
    Path ofHost = record(directory, Netns.cookieOf("pid:2"));
    Path ofGone;
    try (TestNetns gone = TestNetns.create("gone")) {
      ofGone = record(directory, Netns.cookieOf(gone.name()));
    }
    Path other = Files.createFile(directory.resolve("sysctl-x.json"));
    try (own) {
      Forwarding forwarding =
          new Forwarding(own, NodeLinks.start(vertx, ID1).of("subnet"), directory);

      forwarding.removeOthers(Optional::empty);
      assertThat(ofGone).exists();

      forwarding.removeOthers(LiveNetns::cookies);
      assertThat(ofGone).doesNotExist();
      assertThat(List.of(ofOwn, ofNamed, ofHost, other)).allMatch(Files::exists);
    }
  }

  private static Path record(Path directory, long cookie) throws IOException {
    return Files.createFile(directory.resolve("sysctl-" + cookie + ".json"));
  }

  @Test
  void shouldGiveIpv4ForwardingBack() throws Exception {
    one.run("sysctl", "-qw", "net.ipv4.ip_forward=0");
    connect();
    assertThat(one.run("sysctl", "-n", "net.ipv4.ip_forward").strip()).isEqualTo("1");

    kernel1.removeAll(Set.of());

    assertThat(one.run("sysctl", "-n", "net.ipv4.ip_forward").strip()).isEqualTo("0");
  }

  /** Without what the kernel itself changes while it looks for duplicates (RFC 4862, 5.4). */
  private String settledAddresses() throws Exception {
    return one.run("ip", "-o", "addr").replace(" tentative", "");
  }

  private WeftException examine(String destination, String device) throws Exception {
    Cidr to = Cidr.parse(destination);
    return kernel1
        .routes()
        .examine(Collections.singletonMap(to, device), Set.of())
        .refused()
        .get(to);
  }

  private Observed connect() throws Exception {
    kernel2.reconcile(wanted2());
    return kernel1.reconcile(wanted1());
  }

  private Wanted wanted1() {
    return wanted(
        "10.42.1.0/24",
        List.of(peer(ID2, "10.42.2.0/24", "10.99.0.2")),
        Map.of(),
        List.of(end(POD1, pod1, "10.42.1.10")));
  }

  private Wanted wanted2() {
    return wanted(
        "10.42.2.0/24",
        List.of(peer(ID1, "10.42.1.0/24", "10.99.0.1")),
        Map.of(),
        List.of(end(POD2, pod2, "10.42.2.10")));
  }

  private static Wanted wanted(
      String own, List<Wanted.Peer> peers, Map<Cidr, String> injected, List<Wanted.PodEnd> pods) {
    List<InetAddress> members =
        List.of(IpAddress.parse(own.equals("10.42.1.0/24") ? "10.99.0.2" : "10.99.0.1"));
    return new Wanted(Optional.of(Cidr.parse(own)), members, peers, injected, pods);
  }

  private static Wanted.Peer peer(String id, String subnet, String endpoint) {
    return new Wanted.Peer(
        id, "n" + id, Cidr.parse(subnet), PacketCarrier.VXLAN, IpAddress.parse(endpoint), 1450);
  }

  private static Wanted.PodEnd end(PodRef pod, TestNetns netns, String address) {
    return new Wanted.PodEnd(pod, netns.name(), IpAddress.parse(address));
  }

  private SubnetKernel open(TestNetns netns, String id) throws Exception {
    return open(netns, id, RANGE);
  }

  private SubnetKernel open(TestNetns netns, String id, Cidr range) throws Exception {
    return SubnetKernel.open(
        OpenNetns.open(netns.name()),
        NodeLinks.start(vertx, id),
        new OverlaySettings(
            range,
            Optional.of(RANGE6).filter(six -> range.bits() == 32),
            Optional.of("vxlan100"),
            true,
            100,
            4789,
            0,
            true,
            true,
            Optional.empty()));
  }

  private static int index(TestNetns netns, String link) throws Exception {
    try (Netns open = netns.open();
        dev.weft.linux.Netlink netlink = dev.weft.linux.Netlink.open(open)) {
      return netlink.require(link).index();
    }
  }

  private static Optional<Duration> ping(TestNetns from, String to, int mtu) throws Exception {
    try (Netns netns = from.open();
        IcmpEcho echo = IcmpEcho.open(netns, IpAddress.parse(to), mtu - 28, true)) {
      return echo.ping(Duration.ofSeconds(2));
    }
  }

  private TestNetns netns(String label) {
    TestNetns netns = TestNetns.create(label);
    made.add(netns);
    return netns;
  }
}
