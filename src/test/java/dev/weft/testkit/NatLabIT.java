package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the lab's routers do to plain UDP sockets, and TCP's. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.CONNTRACK})
class NatLabIT {
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Duration SOON = Duration.ofSeconds(5);

  private static NatLab lab;
  private static NatLab.Host one;
  private static NatLab.Host two;
  private static NatLab.Host stranger;
  private static final Map<NatKind, List<Site>> SITES = new EnumMap<>(NatKind.class);
  private final List<UdpProbe> probes = new ArrayList<>();

  private record Site(NatRouter router, NatLab.Host host) {}

  @BeforeAll
  static void make() throws Exception {
    lab = NatLab.create();
    one = lab.host("s1");
    two = lab.host("s2");
    stranger = lab.host("s3");
    for (NatKind kind : NatKind.values()) {
      SITES.put(kind, List.of(site(kind, "a"), site(kind, "b")));
    }
  }

  private static Site site(NatKind kind, String side) throws Exception {
    NatRouter router = lab.router(kind);
    return new Site(router, router.host(side));
  }

  @AfterAll
  static void remove() {
    lab.close();
  }

  @AfterEach
  void closeSockets() throws IOException {
    for (UdpProbe probe : probes) {
      probe.close();
    }
  }

  private UdpProbe probe(NatLab.Host host) throws Exception {
    UdpProbe probe = UdpProbe.on(host);
    probes.add(probe);
    return probe;
  }

  private UdpProbe behind(NatKind kind) throws Exception {
    return probe(SITES.get(kind).get(0).host());
  }

  @ParameterizedTest
  @EnumSource(names = {"FULL_CONE", "ADDRESS_RESTRICTED", "PORT_RESTRICTED"})
  void shouldMapConesToOnePortForAllDestinations(NatKind kind) throws Exception {
    UdpProbe inner = behind(kind);

    InetSocketAddress seen = inner.seenBy(probe(one));

    assertThat(inner.seenBy(probe(one))).isEqualTo(seen);
    assertThat(inner.seenBy(probe(two))).isEqualTo(seen);
    assertThat(seen.getHostString()).isEqualTo(SITES.get(kind).get(0).router().outside());
  }

  @Test
  void shouldMapSymmetricToAnotherPortForEachDestination() throws Exception {
    UdpProbe inner = behind(NatKind.SYMMETRIC);

    InetSocketAddress seen = inner.seenBy(probe(one));

    assertThat(inner.seenBy(probe(one)).getPort()).isNotEqualTo(seen.getPort());
    assertThat(inner.seenBy(probe(two)).getPort()).isNotEqualTo(seen.getPort());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BLOCKED")
  void shouldFilterAsItsKindSays(NatKind kind) throws Exception {
    UdpProbe inner = behind(kind);
    UdpProbe asked = probe(one);
    InetSocketAddress mapped = inner.seenBy(asked);
    asked.send(mapped, "answer");
    assertThat(inner.await(SOON)).map(UdpProbe.Heard::text).contains("answer");

    boolean open = kind == NatKind.FULL_CONE;
    boolean hostIsKnown = open || kind == NatKind.ADDRESS_RESTRICTED;
    probe(one).send(mapped, "other port");
    assertThat(inner.await(hostIsKnown ? SOON : SHORT).isPresent()).isEqualTo(hostIsKnown);
    probe(stranger).send(mapped, "other address");
    assertThat(inner.await(open ? SOON : SHORT).isPresent()).isEqualTo(open);
  }

  @Test
  void shouldLetNoUdpOutOfABlockedOneAndTcp() throws Exception {
    UdpProbe outer = probe(one);
    behind(NatKind.BLOCKED).send(outer.local(), "anybody?");

    assertThat(outer.await(SHORT)).isEmpty();
    Transfer.Result result =
        Transfer.tcp(
            SITES.get(NatKind.BLOCKED).get(0).host().netns(), one.netns(), one.address(), 1 << 16);
    assertThat(result.received()).isEqualTo(result.sent());
  }

  static Stream<Arguments> pairs() {
    return Stream.of(NatKind.values())
        .flatMap(
            left ->
                Stream.of(NatKind.values())
                    .filter(right -> right.compareTo(left) >= 0)
                    .map(right -> Arguments.of(left, right)));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void shouldBePunchedWhereItCanBe(NatKind left, NatKind right) throws Exception {
    boolean punched = punch(SITES.get(left).get(0).host(), SITES.get(right).get(1).host());

    assertThat(punched).isEqualTo(NatKind.canBePunched(left, right));
  }

  /** Whether each hears what the other sends in answer to what it heard. */
  private boolean punch(NatLab.Host left, NatLab.Host right) throws Exception {
    UdpProbe public1 = probe(one);
    Puncher a = new Puncher(probe(left));
    Puncher b = new Puncher(probe(right));
    a.socket.send(public1.local(), "where am I");
    b.targets.addAll(public1.await(SHORT).map(UdpProbe.Heard::from).stream().toList());
    b.socket.send(public1.local(), "where am I");
    a.targets.addAll(public1.await(SHORT).map(UdpProbe.Heard::from).stream().toList());
    for (int round = 0; round < 10 && !(a.wasHeard && b.wasHeard); round++) {
      a.send();
      b.send();
      a.receive();
      b.receive();
    }
    return a.wasHeard && b.wasHeard;
  }

  /** Sends to where the other was seen and to whoever was heard. */
  private static final class Puncher {
    private final UdpProbe socket;
    private final Set<InetSocketAddress> targets = new LinkedHashSet<>();
    private boolean hears;
    private boolean wasHeard;

    Puncher(UdpProbe socket) {
      this.socket = socket;
    }

    void send() throws IOException {
      for (InetSocketAddress target : targets) {
        socket.send(target, hears ? "I hear you" : "hello");
      }
    }

    void receive() throws IOException {
      Optional<UdpProbe.Heard> heard = socket.await(Duration.ofMillis(10));
      while (heard.isPresent()) {
        hears = true;
        wasHeard |= heard.get().text().equals("I hear you");
        targets.add(heard.get().from());
        heard = socket.poll();
      }
    }
  }

  @Test
  void shouldTranslateTwiceInADoubleNat() throws Exception {
    NatRouter outer = lab.router(NatKind.PORT_RESTRICTED);
    NatRouter inner = outer.router(NatKind.PORT_RESTRICTED);
    NatLab.Host host = inner.host("d");

    assertThat(probe(host).seenBy(probe(one)).getHostString()).isEqualTo(outer.outside());
    assertThat(punch(host, SITES.get(NatKind.PORT_RESTRICTED).get(0).host())).isTrue();
    assertThat(punch(host, SITES.get(NatKind.SYMMETRIC).get(0).host())).isFalse();
  }

  @Test
  void shouldReachANeighbourBehindTheSameNatByItsInnerAddressOnly() throws Exception {
    Site site = SITES.get(NatKind.PORT_RESTRICTED).get(0);
    UdpProbe left = probe(site.host());
    UdpProbe right = probe(site.router().host("c"));
    InetSocketAddress seen = right.seenBy(probe(one));

    left.send(seen, "by the outside");
    assertThat(right.await(SHORT)).isEmpty();
    left.send(right.local(), "by the inside");
    assertThat(right.await(SOON)).map(UdpProbe.Heard::text).contains("by the inside");
  }

  @ParameterizedTest
  @EnumSource(names = {"PORT_RESTRICTED", "SYMMETRIC"})
  void shouldMapToAnotherPortAfterARestart(NatKind kind) throws Exception {
    Site site = SITES.get(kind).get(1);
    UdpProbe inner = probe(site.host());
    UdpProbe outer = probe(one);
    InetSocketAddress before = inner.seenBy(outer);

    site.router().restart();
    outer.send(before, "to the old one");

    assertThat(inner.await(SHORT)).isEmpty();
    InetSocketAddress after = inner.seenBy(outer);
    assertThat(after.getPort()).isNotEqualTo(before.getPort());
    if (kind == NatKind.PORT_RESTRICTED) {
      assertThat(inner.seenBy(probe(two))).as("still one port for all").isEqualTo(after);
    }
    outer.send(after, "to the new one");
    assertThat(inner.await(SOON)).map(UdpProbe.Heard::text).contains("to the new one");
  }

  @Test
  void shouldCutOneDirection() throws Exception {
    Site site = SITES.get(NatKind.SYMMETRIC).get(0);
    UdpProbe inner = probe(site.host());
    UdpProbe outer = probe(one);
    InetSocketAddress mapped = inner.seenBy(outer);

    site.router().cut(NatRouter.Direction.IN);
    outer.send(mapped, "in");
    assertThat(inner.await(SHORT)).isEmpty();
    assertThat(inner.seenBy(outer)).as("outwards").isEqualTo(mapped);

    site.router().mend();
    outer.send(mapped, "in again");
    assertThat(inner.await(SOON)).map(UdpProbe.Heard::text).contains("in again");

    site.router().cut(NatRouter.Direction.OUT);
    inner.send(outer.local(), "out");
    assertThat(outer.await(SHORT)).isEmpty();
    site.router().mend();
  }

  @Test
  void shouldForgetAMappingAfterItsTimeout() throws Exception {
    NatRouter router = lab.router(NatKind.PORT_RESTRICTED);
    router.mappingTimeout(Duration.ofSeconds(1));
    UdpProbe inner = probe(router.host("t"));
    UdpProbe outer = probe(one);
    InetSocketAddress mapped = inner.seenBy(outer);
    outer.send(mapped, "at once");
    assertThat(inner.await(SOON)).map(UdpProbe.Heard::text).contains("at once");

    Awaitility.await("no mapping")
        .atMost(SOON)
        .until(() -> !router.netns().run("conntrack", "-L", "-p", "udp").contains("udp "));

    outer.send(mapped, "too late");
    assertThat(inner.await(SHORT)).isEmpty();
  }
}
