package dev.weft.reach.path;

import static dev.weft.reach.path.PunchSimulation.seen;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fault;
import dev.weft.identity.CertificateAuthority;
import dev.weft.reach.PeerPorts;
import dev.weft.reach.path.NatModel.Filtering;
import dev.weft.reach.path.PunchSimulation.Host;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PuncherTest {
  private static final Duration SOON = Duration.ofSeconds(3);
  private static final InetSocketAddress NOBODY = new InetSocketAddress("198.51.100.9", 1);

  @TempDir Path directory;
  private PunchSimulation net;

  @BeforeEach
  void simulate() {
    net = new PunchSimulation(directory);
  }

  private Host open(String name, String address) {
    return net.host(name, address, Optional.empty());
  }

  private Host natted(String name, String address, String outside, String kind) {
    NatModel nat =
        switch (kind) {
          case "full cone" -> new NatModel(outside, false, Filtering.NONE);
          case "address" -> new NatModel(outside, false, Filtering.ADDRESS);
          case "port" -> new NatModel(outside, false, Filtering.PORT);
          default -> new NatModel(outside, true, Filtering.PORT);
        };
    return net.host(name, address, Optional.of(nat));
  }

  private boolean both(Host one, Host other, Duration within) {
    return net.runUntil(within, () -> one.reaches(other) && other.reaches(one));
  }

  private static PathState last(Host host) {
    return host.told.get(host.told.size() - 1).state();
  }

  @Test
  void shouldMakeAPathThatOnlyOneSideWants() {
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");

    one.want(other, false, other.local);

    assertThat(both(one, other, SOON)).isTrue();
    assertThat(one.told)
        .extracting(PathStatus::state)
        .containsExactly(PathState.PUNCHING, PathState.ESTABLISHED);
    assertThat(one.told.get(1).node()).contains(other.id());
    assertThat(one.paths).containsEntry(other.id(), other.local);
    assertThat(one.sent + other.sent).isLessThan(40);
  }

  @ParameterizedTest
  @CsvSource({
    "full cone, full cone, true",
    "full cone, symmetric, true",
    "address, address, true",
    "address, symmetric, true",
    "port, port, true",
    "port, address, true",
    "port, symmetric, false",
    "symmetric, symmetric, false"
  })
  void shouldPunchThroughNats(String first, String second, boolean passes) {
    Host one = natted("one", "10.0.1.2", "203.0.113.1", first);
    Host other = natted("other", "10.0.2.2", "203.0.113.2", second);

    one.want(other, true, seen(other));
    other.want(one, true, seen(one));

    assertThat(both(one, other, SOON)).isEqualTo(passes);
    net.run(Duration.ofSeconds(10));
    assertThat(last(one)).isEqualTo(passes ? PathState.ESTABLISHED : PathState.LOST);
  }

  @Test
  void shouldPunchWhenTheOtherBeginsLater() {
    Host one = natted("one", "10.0.1.2", "203.0.113.1", "port");
    Host other = natted("other", "10.0.2.2", "203.0.113.2", "port");
    one.want(other, true, seen(other));
    net.run(Duration.ofSeconds(40));
    assertThat(last(one)).isEqualTo(PathState.LOST);

    other.want(one, true, seen(one));

    assertThat(both(one, other, Duration.ofSeconds(6))).isTrue();
    assertThat(last(one)).isEqualTo(PathState.ESTABLISHED);
  }

  @Test
  void shouldGiveUpAfterItsTimeoutWhatIsNotWantedForEver() {
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");
    other.down = true;

    one.want(Optional.of(other.id()), false, other.local);
    net.run(Duration.ofSeconds(11));
    int sent = one.sent;
    net.run(Duration.ofMinutes(1));

    assertThat(one.told).last().extracting(PathStatus::fault).isEqualTo(Fault.TIMEOUT);
    assertThat(one.told)
        .last()
        .extracting(PathStatus::reason)
        .isEqualTo("node " + other.id() + ": no answer from [203.0.113.2:7654] within 10 s");
    assertThat(one.sent).isEqualTo(sent).isLessThan(40);
  }

  @Test
  void shouldTakeWhicheverAddressAnswersAndThenTheBestOne() {
    NatModel nat = new NatModel("203.0.113.1", false, Filtering.NONE);
    Host one = net.host("one", "10.0.1.2", Optional.of(nat));
    Host other = net.host("other", "10.0.1.3", Optional.of(nat));
    net.delay("203.0.113.1", Duration.ofMillis(5));
    net.delay("10.0.1.2", Duration.ofMillis(40));
    InetSocketAddress far = seen(other);

    one.want(other, true, NOBODY, other.local, far);
    assertThat(net.runUntil(SOON, () -> one.reaches(other))).isTrue();
    assertThat(one.paths).containsEntry(other.id(), far);
    net.delay("10.0.1.2", Duration.ofNanos(100_000));
    net.delay("10.0.1.3", Duration.ofNanos(100_000));

    assertThat(
            net.runUntil(
                Duration.ofSeconds(90), () -> other.local.equals(one.paths.get(other.id()))))
        .isTrue();
    assertThat(one.changes).last().asString().contains("round trip");
  }

  @Test
  void shouldNotAlternateBetweenTwoAddressesOfTheSameLength() {
    Host one = open("one", "203.0.113.1");
    Host other = natted("other", "10.0.2.2", "203.0.113.2", "full cone");
    InetSocketAddress first = seen(other);
    Host same = net.host(other.identity, "203.0.113.3", Optional.empty());
    same.puncher = other.puncher;

    one.want(other, true, first, same.local);
    net.run(Duration.ofMinutes(5));

    assertThat(one.changes).hasSize(2);
  }

  @Test
  void shouldKeepAPathForHalfAnHourWithoutTraffic() {
    Host one = natted("one", "10.0.1.2", "203.0.113.1", "port");
    Host other = natted("other", "10.0.2.2", "203.0.113.2", "port");
    one.want(other, true, seen(other));
    other.want(one, true, seen(one));
    assertThat(both(one, other, SOON)).isTrue();
    int sent = one.sent;

    net.run(Duration.ofMinutes(30));

    assertThat(one.changes).hasSize(2);
    assertThat(last(one)).isEqualTo(PathState.ESTABLISHED);
    // One probe each 3 s, and the other's echoes.
    assertThat(one.sent - sent).isBetween(1100, 1300);
  }

  @Test
  void shouldProbeASignOfLifeOnce() {
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");
    one.want(other, true, other.local);
    assertThat(both(one, other, SOON)).isTrue();
    net.run(SOON);
    int sent = one.sent + other.sent;

    for (int i = 0; i < 15; i++) {
      one.puncher.traffic(other.id(), net.now);
      net.run(Duration.ofSeconds(4));
    }

    // Two probes and their echoes for each, and what keeps the path alive from both ends.
    assertThat(one.sent + other.sent - sent).isLessThan(2 * 2 * 15 + 2 * 2 * 20 + 10);
    assertThat(one.changes).hasSize(2);
  }

  @Test
  void shouldStandLossOfAFifth() {
    net.loss = 0.2;
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");
    one.want(other, true, other.local);
    assertThat(both(one, other, SOON)).isTrue();
    net.traffic(one, other);

    net.run(Duration.ofMinutes(5));

    assertThat(one.changes).hasSize(2);
  }

  @Test
  void shouldDoubtAndThenLoseAPathThatDoesNotAnswerTraffic() {
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");
    one.want(other, true, other.local);
    assertThat(both(one, other, SOON)).isTrue();
    net.traffic(one, other);
    net.run(SOON);

    net.cut("203.0.113.1", "203.0.113.2");

    assertThat(net.runUntil(Duration.ofMillis(1100), () -> !one.reaches(other))).isTrue();
    assertThat(one.paths).containsKey(other.id());
    assertThat(net.runUntil(Duration.ofSeconds(4), () -> last(one) != PathState.ESTABLISHED))
        .isTrue();
    assertThat(one.paths).isEmpty();
    assertThat(one.told)
        .anySatisfy(s -> assertThat(s.reason()).isEqualTo("203.0.113.2:7654: no answer for 4 s"));

    net.join("203.0.113.1", "203.0.113.2");
    assertThat(net.runUntil(Duration.ofSeconds(2), () -> one.reaches(other))).isTrue();
  }

  @Test
  void shouldLoseAnIdlePathAfterTwentySeconds() {
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");
    one.want(other, true, other.local);
    assertThat(both(one, other, SOON)).isTrue();

    net.cut("203.0.113.1", "203.0.113.2");
    net.run(Duration.ofSeconds(15));
    assertThat(last(one)).isEqualTo(PathState.ESTABLISHED);

    assertThat(net.runUntil(Duration.ofSeconds(13), () -> last(one) != PathState.ESTABLISHED))
        .isTrue();
    assertThat(one.told)
        .anySatisfy(s -> assertThat(s.reason()).isEqualTo("203.0.113.2:7654: no answer for 20 s"));
  }

  @Test
  void shouldComeBackWhenANatHasForgotten() {
    Host one = natted("one", "10.0.1.2", "203.0.113.1", "address");
    Host other = natted("other", "10.0.2.2", "203.0.113.2", "address");
    one.want(other, true, seen(other));
    other.want(one, true, seen(one));
    assertThat(both(one, other, SOON)).isTrue();
    net.traffic(one, other);
    net.traffic(other, one);
    net.run(SOON);
    InetSocketAddress before = other.paths.get(one.id());

    one.nat.orElseThrow().flush();

    assertThat(
            net.runUntil(
                Duration.ofSeconds(5),
                () -> both(one, other) && !before.equals(other.paths.get(one.id()))))
        .isTrue();
  }

  private static boolean both(Host one, Host other) {
    return one.reaches(other) && other.reaches(one);
  }

  @Test
  void shouldTellANodeWhereItIsSeen() {
    Host one = natted("one", "10.0.1.2", "203.0.113.1", "symmetric");
    Host other = open("other", "203.0.113.2");

    one.want(other, true, other.local);
    assertThat(both(one, other, SOON)).isTrue();
    net.run(SOON);

    assertThat(one.seenAs).isEqualTo(seen(one, other.local)).isNotEqualTo(seen(one));
    assertThat(other.seenAs).isEqualTo(other.local);
  }

  @Test
  void shouldFollowANodeThatBeganAnew() {
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");
    one.want(other, true, other.local);
    assertThat(both(one, other, SOON)).isTrue();
    net.traffic(one, other);
    net.run(SOON);

    other.start();

    assertThat(net.runUntil(Duration.ofSeconds(3), () -> both(one, other))).isTrue();
    net.run(Duration.ofSeconds(10));
    assertThat(both(one, other)).isTrue();
  }

  @Test
  void shouldTellWhenAnotherNodeIsThere() {
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");
    Host third = open("third", "203.0.113.3");

    one.want(third, true, other.local);
    net.run(SOON);

    assertThat(one.told).last().extracting(PathStatus::fault).isEqualTo(Fault.DENIED);
    assertThat(one.told)
        .last()
        .extracting(PathStatus::reason)
        .isEqualTo(
            "203.0.113.2:7654 is node " + other.id() + " (expected: node " + third.id() + ")");
  }

  @Test
  void shouldNotUseAPathThatDoesNotCarryWholeDatagrams() {
    net.longest = 1300;
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");

    one.want(other, true, other.local);
    net.run(Duration.ofSeconds(11));

    assertThat(one.paths).isEmpty();
    assertThat(one.told)
        .last()
        .extracting(PathStatus::reason)
        .asString()
        .contains("not to datagrams of 1350 bytes");
  }

  @Test
  void shouldRefuseNodesOfOtherMeshes() {
    Host one = open("one", "203.0.113.1");
    CertificateAuthority theirs =
        CertificateAuthority.create(directory.resolve("theirs"), "x", 10, Clock.systemUTC());
    Host other =
        net.host(
            PeerPorts.identity(directory, theirs, "stranger"), "203.0.113.2", Optional.empty());

    one.want(other, false, other.local);
    other.want(one, false, one.local);
    net.run(Duration.ofSeconds(12));

    assertThat(one.paths).isEmpty();
    assertThat(one.puncher.counters().refused()).isPositive();
    assertThat(one.refusals).isNotEmpty().allMatch(why -> why.contains("certificate"));
    assertThat(one.told.get(one.told.size() - 1).reason())
        .contains("no answer within 10 s; 203.0.113.2:")
        .contains(" was refused: ")
        .contains("certificate");
  }

  @Test
  void shouldNotBeMovedByWhatIsReplayedOrForged() {
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");
    one.want(other, true, other.local);
    assertThat(both(one, other, SOON)).isTrue();
    net.traffic(one, other);
    net.run(SOON);
    List<PunchSimulation.Arrived> seen = List.copyOf(one.arrived);
    int changes = one.changes.size();

    Random random = new Random(1);
    for (PunchSimulation.Arrived each : seen) {
      net.inject(NOBODY, one.local, each.bytes());
      net.inject(other.local, one.local, each.bytes());
      byte[] forged = each.bytes().clone();
      forged[random.nextInt(forged.length)] ^= 1;
      net.inject(NOBODY, one.local, forged);
      net.inject(other.local, one.local, forged);
    }
    net.run(Duration.ofSeconds(20));

    assertThat(one.changes).hasSize(changes);
    assertThat(one.paths).containsEntry(other.id(), other.local);
    net.cut("203.0.113.1", "203.0.113.2");
    for (PunchSimulation.Arrived each : seen) {
      one.puncher.arrived(other.local, each.bytes(), net.now);
    }
    assertThat(net.runUntil(Duration.ofSeconds(6), () -> one.paths.isEmpty())).isTrue();
  }

  @Test
  void shouldMakeNoPathFromAReplayedConversation() {
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");
    other.want(one, true, one.local);
    assertThat(both(one, other, SOON)).isTrue();
    List<PunchSimulation.Arrived> seen = List.copyOf(one.arrived);
    other.down = true;
    net.run(Duration.ofMinutes(1));
    assertThat(one.paths).isEmpty();

    seen.forEach(each -> one.puncher.arrived(NOBODY, each.bytes(), net.now));
    net.run(SOON);
    seen.forEach(each -> one.puncher.arrived(other.local, each.bytes(), net.now));
    net.run(SOON);

    assertThat(one.paths).isEmpty();
  }

  /** All that a node hears of another one that punches a path to it. */
  private List<PunchSimulation.Arrived> heardOfAnother(Host one) {
    Host other = open("other", "203.0.113.2");
    other.want(one, true, one.local);
    assertThat(both(one, other, SOON)).isTrue();
    return List.copyOf(one.arrived);
  }

  @Test
  void shouldNotTakeAHelloFromSomebodyElsesAddressForHis() {
    Host one = open("one", "203.0.113.1");
    Host third = open("third", "203.0.113.3");
    List<PunchSimulation.Arrived> seen = heardOfAnother(one);
    third.down = true;
    one.want(third, true, third.local);

    for (PunchSimulation.Arrived each : seen) {
      net.inject(third.local, one.local, each.bytes());
    }
    net.run(SOON);

    assertThat(one.told).isNotEmpty().extracting(PathStatus::fault).doesNotContain(Fault.DENIED);
  }

  @Test
  void shouldNotFindANodeWhereOnlyItsHelloComesFrom() {
    Host one = open("one", "203.0.113.1");
    Host third = open("third", "203.0.113.3");
    List<PunchSimulation.Arrived> seen = heardOfAnother(one);
    third.down = true;
    Want want = one.want(third, false, third.local);

    for (PunchSimulation.Arrived each : seen) {
      net.inject(third.local, one.local, each.bytes());
    }
    net.run(SOON);
    assertThat(want.node()).isEmpty();
    third.down = false;
    net.run(Duration.ofSeconds(5));

    assertThat(want.node()).contains(third.id());
  }

  @Test
  void shouldCheckOnlySoManySignatures() {
    Host one = open("one", "203.0.113.1");
    Random random = new Random(3);
    byte[] hello = new OwnSession(NodeProof.of(one.identity), random).hello();
    int wanted = 10_000;
    for (int i = 0; i < wanted; i++) {
      byte[] other = hello.clone();
      other[5 + random.nextInt(8)] ^= (byte) (1 + random.nextInt(255));
      one.puncher.arrived(NOBODY, other, net.now);
    }

    assertThat(one.puncher.counters().limited())
        .isGreaterThanOrEqualTo(wanted - Puncher.CHECKED - 1);
    assertThat(one.sent).isZero();
  }

  @Test
  void shouldTakeAnyGarbage() {
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");
    one.want(other, true, other.local);
    assertThat(both(one, other, SOON)).isTrue();
    Random random = new Random(2);
    byte[] hello = new OwnSession(NodeProof.of(other.identity), random).hello();
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(300)];
      random.nextBytes(bytes);
      System.arraycopy(hello, 0, bytes, 0, Math.min(bytes.length, 4 + random.nextInt(50)));
      one.puncher.arrived(other.local, bytes, net.now);
    }
    net.run(SOON);

    assertThat(both(one, other)).isTrue();
    assertThat(one.changes).hasSize(2);
  }

  @Test
  void shouldRemoveAPath() {
    Host one = open("one", "203.0.113.1");
    Host other = open("other", "203.0.113.2");
    Want want = one.want(other, true, other.local);
    assertThat(both(one, other, SOON)).isTrue();

    one.puncher.unwant(want, true);
    net.run(Duration.ofMinutes(1));

    assertThat(last(one)).isEqualTo(PathState.REMOVED);
    assertThat(one.paths).isEmpty();
    assertThat(other.paths).isEmpty();
    assertThat(one.puncher.deadline(net.now) - net.now)
        .isGreaterThanOrEqualTo(Duration.ofMinutes(59).toNanos());
  }
}
