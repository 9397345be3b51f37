package dev.weft.mesh.route;

import static dev.weft.mesh.route.RouteAnnouncement.UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouterTest {
  private static final long SELF = 1;
  private static final long A = 0xA;
  private static final long B = 0xB;
  private static final long C = 0xC;
  private static final long D = 0xD;

  private final Seen seen = new Seen();
  private final Router<String> router = new Router<>(SELF, true, seen);
  private long now = -5;

  /** What a router has put out. */
  private static final class Seen implements Router.Output<String> {
    private final Map<String, List<RouteAnnouncement>> told = new HashMap<>();
    private final List<String> routes = new ArrayList<>();
    private int announcements;
    private int tables;

    @Override
    public void announce(String link, List<RouteAnnouncement> routes) {
      told.put(link, routes);
      announcements++;
    }

    @Override
    public void changed(ForwardingTable<String> table) {
      tables++;
    }

    @Override
    public void routeChanged(long destination, OptionalLong via) {
      routes.add(
          Long.toHexString(destination)
              + (via.isPresent() ? " via " + Long.toHexString(via.getAsLong()) : " lost"));
    }

    @Override
    public void linkChanged(long destination) {
      routes.add(Long.toHexString(destination) + " over another link");
    }
  }

  private static RouteAnnouncement route(long destination, long rttMillis, Long... hops) {
    return new RouteAnnouncement(
        destination, List.of(hops), rttMillis == UNKNOWN ? UNKNOWN : rttMillis * 1000);
  }

  private void up(String link, long peer, long rttMillis) {
    router.up(link, peer, now);
    router.rtt(link, rttMillis * 1000, now);
    pass(1000);
  }

  private void announced(String link, RouteAnnouncement... all) {
    router.announced(link, List.of(all), now);
  }

  /** Lets time pass as the owner of a router does. */
  private void pass(long millis) {
    long end = now + TimeUnit.MILLISECONDS.toNanos(millis);
    while (router.deadline() <= end) {
      now = Math.max(now, router.deadline());
      router.expire(now);
    }
    now = end;
  }

  private Path<String> path(long destination) {
    return router.paths().stream()
        .filter(path -> path.destination() == destination)
        .findAny()
        .orElseThrow();
  }

  private List<RouteAnnouncement> told(String link) {
    return seen.told.get(link);
  }

  @Test
  void shouldReachAPeerOverItsLink() {
    router.up("a", A, now);

    assertThat(router.table().linkTo(A)).isEqualTo("a");
    assertThat(router.paths()).containsExactly(new Path<>(A, "a", List.of(A), UNKNOWN));
    assertThat(seen.routes).containsExactly("a via a");
  }

  @Test
  void shouldAddItsLinksRttToWhatIsAnnounced() {
    up("a", A, 10);

    announced("a", route(C, 30, B, A));

    assertThat(path(C)).isEqualTo(new Path<>(C, "a", List.of(A, B, C), 40_000));
  }

  @Test
  void shouldAppendItselfToTheHopsThatItAnnounces() {
    up("a", A, 10);
    up("d", D, 5);

    announced("a", route(C, 30, B, A));

    assertThat(told("d")).containsExactly(route(A, 10, SELF), route(C, 40, B, A, SELF));
  }

  @Test
  void shouldAnnounceNothingToAPeerThatStandsOnTheWay() {
    up("a", A, 10);
    up("b", B, 5);

    announced("a", route(C, 30, B, A));

    assertThat(told("b")).containsExactly(route(A, 10, SELF));
    assertThat(told("a")).containsExactly(route(B, 5, SELF));
  }

  @Test
  void shouldTellAPeerOfANewLinkEvenThatThereIsNothing() {
    router.up("a", A, now);

    assertThat(told("a")).isEmpty();
  }

  @Test
  void shouldAnnounceNothingIfItDoesNotRelay() {
    Router<String> leaf = new Router<>(SELF, false, seen);
    leaf.up("a", A, now);
    leaf.up("b", B, now);
    leaf.announced("a", List.of(route(C, 30, A)), now);
    leaf.expire(now + Announcer.PACE);

    assertThat(seen.told).isEqualTo(Map.of("a", List.of(), "b", List.of()));
    assertThat(leaf.table().linkTo(C)).isEqualTo("a");
  }

  @Test
  void shouldTakeTheLeastRtt() {
    up("a", A, 10);
    up("b", B, 20);

    announced("a", route(C, 50, A));
    announced("b", route(C, 5, D, B));

    assertThat(path(C).hops()).containsExactly(B, D, C);
  }

  @Test
  void shouldHoldAnUnknownRttForTheWorst() {
    up("a", A, 10);
    up("b", B, 20);

    announced("a", route(C, UNKNOWN, A));
    announced("b", route(C, 100_000, D, B));

    assertThat(path(C).hops()).containsExactly(B, D, C);
  }

  @Test
  void shouldNotWrapRoundWithAHugeRtt() {
    up("a", A, 10);
    up("b", B, 10);

    announced("a", new RouteAnnouncement(C, List.of(A), UNKNOWN - 1));

    assertThat(path(C).rttMicros()).isEqualTo(UNKNOWN);
    announced("b", route(C, 100_000, B));
    assertThat(path(C).hops()).containsExactly(B, C);
  }

  @Test
  void shouldTakeFewerHopsOfEqualRtts() {
    up("a", A, 10);
    up("b", B, 10);

    announced("a", route(C, 10, D, A));
    announced("b", route(C, 10, B));

    assertThat(path(C).hops()).containsExactly(B, C);
  }

  @Test
  void shouldTakeTheLowerIdOfEqualPaths() {
    up("b", B, 10);
    up("a", A, 10);
    up("d", D, 3);
    announced("d", route(C, 3, D));
    announced("b", route(C, 10, B));
    announced("a", route(C, 10, A));

    router.down("d", now);

    assertThat(path(C).hops()).containsExactly(A, C);
  }

  @Test
  void shouldCompareIdsWithoutSign() {
    long high = -1;
    router.up("high", high, now);
    router.up("b", B, now);
    router.up("d", D, now);
    announced("d", route(C, 1, D));
    announced("high", route(C, 1, high));
    announced("b", route(C, 1, B));

    router.down("d", now);

    assertThat(path(C).hops()).containsExactly(B, C);
    assertThat(router.paths()).extracting(Path::destination).containsExactly(B, C, high);
  }

  @Test
  void shouldUseTheBestOfParallelLinks() {
    up("slow", A, 50);
    up("fast", A, 5);

    assertThat(router.table().linkTo(A)).isEqualTo("fast");
    assertThat(seen.routes).containsExactly("a via a", "a over another link");
  }

  @Test
  void shouldMoveToTheOtherLinkAtOnceWhenOneOfTwoIsDown() {
    up("slow", A, 50);
    up("fast", A, 5);
    announced("slow", route(C, 10, A));
    announced("fast", route(C, 10, A));
    assertThat(router.table().linkTo(C)).isEqualTo("fast");

    router.down("fast", now);

    assertThat(router.table().linkTo(A)).isEqualTo("slow");
    assertThat(router.table().linkTo(C)).isEqualTo("slow");
    assertThat(seen.routes)
        .doesNotContain("c lost", "a lost")
        .endsWith("a over another link", "c over another link");
  }

  @ParameterizedTest
  @CsvSource({
    "100, 81, a", // 20 % of 100 are 20
    "100, 79, b",
    "10, 6, a", // at least 5 ms
    "10, 4, b",
  })
  void shouldLeaveAPathOnlyForAClearlyBetterOne(long present, long other, String expected) {
    up("a", A, present - 1);
    up("b", B, other - 1);

    announced("a", route(C, 1, A));
    announced("b", route(C, 1, B));

    assertThat(router.table().linkTo(C)).isEqualTo(expected);
  }

  @Test
  void shouldStayOnItsPathWhenTheOtherOneIsBetterByNoiseOnly() {
    up("a", A, 10);
    up("b", B, 11);
    announced("a", route(C, 1, A));
    announced("b", route(C, 1, B));

    for (int i = 0; i < 20; i++) {
      router.rtt("a", i % 2 == 0 ? 12_000 : 9_000, now);
      pass(6000);
    }

    assertThat(seen.routes).containsExactly("a via a", "b via b", "c via a");
  }

  @Test
  void shouldLeaveARelayForADirectLinkThatIsNoWorse() {
    up("a", A, 1);
    announced("a", route(B, 1, A));

    up("b", B, 1);

    assertThat(path(B).hops()).containsExactly(B);
  }

  @Test
  void shouldLeaveARelayForADirectLinkThatIsSlowerByNoiseOnly() {
    up("a", A, 1);
    announced("a", route(B, 1, A));

    up("b", B, 200);
    assertThat(path(B).hops()).containsExactly(A, B);
    router.rtt("b", 6_000, now);
    pass(10_000);

    assertThat(path(B).hops()).containsExactly(B);
  }

  @Test
  void shouldLeaveADirectLinkOnlyForARelayThatIsWorthTheFurtherHop() {
    up("a", A, 1);
    up("b", B, 11);

    announced("a", route(B, 1, A));
    assertThat(path(B).hops()).containsExactly(B);
    router.rtt("b", 13_000, now);
    pass(10_000);

    assertThat(path(B).hops()).containsExactly(A, B);
  }

  @Test
  void shouldNotGoRoundBetweenPathsThatAreAFewHopsAndAFewMillisApart() {
    up("a", A, 1);
    up("d", D, 5);
    up("b", B, 9);
    announced("a", route(B, 0, C, D, A));
    announced("d", route(B, 0, D));

    for (int i = 0; i < 20; i++) {
      router.rtt("a", i % 2 == 0 ? 1_100 : 1_000, now);
      pass(6000);
    }

    assertThat(path(B).hops()).containsExactly(B);
    assertThat(seen.routes).filteredOn(route -> route.startsWith("b ")).containsExactly("b via b");
  }

  @Test
  void shouldTakeAnyPathWhenItsOwnIsGone() {
    up("a", A, 10);
    up("b", B, 500);
    announced("a", route(C, 1, A));
    announced("b", route(C, 1, B));

    announced("a");

    assertThat(router.table().linkTo(C)).isEqualTo("b");
    announced("b");
    assertThat(router.table().linkTo(C)).isNull();
    assertThat(seen.routes).endsWith("c via a", "c via b", "c lost");
  }

  @Test
  void shouldForgetWhatALinkOfferedWhenItIsDown() {
    up("a", A, 10);
    announced("a", route(C, 1, A));

    router.down("a", now);

    assertThat(router.table().size()).isZero();
    assertThat(router.paths()).isEmpty();
    up("a", A, 10);
    assertThat(router.paths()).extracting(Path::destination).containsExactly(A);
  }

  @Test
  void shouldAnnounceAWithdrawalAtOnce() {
    up("a", A, 10);
    up("b", B, 10);
    announced("a", route(C, 1, A));
    assertThat(told("b")).extracting(RouteAnnouncement::destination).containsExactly(A, C);

    announced("a");

    assertThat(told("b")).extracting(RouteAnnouncement::destination).containsExactly(A);
  }

  @Test
  void shouldAnnounceAWorsePathAtOnce() {
    up("a", A, 10);
    up("b", B, 10);
    announced("a", route(C, 1, A));

    announced("a", route(C, 1, D, A));

    assertThat(told("b")).contains(route(C, 11, D, A, SELF));
  }

  @Test
  void shouldAnnounceOtherNewsEvery250Millis() {
    up("a", A, 10);
    up("b", B, 10);
    seen.announcements = 0;

    for (int i = 0; i < 100; i++) {
      announced("a", route(C, 1 + 10 * i, A), route(D, 1, A));
      pass(10);
    }

    // The first of the second at once, and one for every 250 ms.
    assertThat(seen.announcements).isBetween(4, 5);
    assertThat(told("b")).contains(route(D, 11, A, SELF));
  }

  @Test
  void shouldNotAnnounceNoise() {
    up("a", A, 100);
    up("b", B, 10);
    announced("a", route(C, 100, A));
    seen.announcements = 0;

    announced("a", route(C, 120, A));
    router.rtt("a", 110_000, now);
    pass(10_000);

    assertThat(seen.announcements).isZero();
    assertThat(path(C).rttMicros()).isEqualTo(230_000);
    announced("a", route(C, 160, A));
    assertThat(told("b")).contains(route(C, 270, A, SELF));
  }

  @Test
  void shouldNotAnnounceWhatHasComeBackMeanwhile() {
    up("a", A, 10);
    up("b", B, 10);
    announced("a", route(C, 10, A));
    seen.announcements = 0;

    announced("a", route(C, 90, A));
    announced("a", route(C, 10, A));
    pass(1000);

    assertThat(seen.announcements).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "1, a", // this node as destination
    "c, 1.a", // this node on the way
    "c, b", // not by the peer
    "c, ''", // by nobody
    "a, a", // the peer as destination
    "c, b.d.b.a", // a way that goes round
    "c, c.a",
  })
  void shouldLeaveOutWhatIsNoPathFromThePeer(String destination, String hops) {
    up("a", A, 10);
    List<Long> ids =
        hops.isEmpty()
            ? List.of()
            : List.of(hops.split("\\.")).stream().map(hop -> Long.parseLong(hop, 16)).toList();

    router.announced(
        "a",
        List.of(new RouteAnnouncement(Long.parseLong(destination, 16), ids, 1), route(D, 1, A)),
        now);

    assertThat(router.paths()).extracting(Path::destination).containsExactly(A, D);
    assertThat(path(A).hops()).containsExactly(A);
    assertThat(router.ignored()).isEqualTo(1);
  }

  @Test
  void shouldLeaveOutNegativeRttsAndRoutesThatComeTwice() {
    up("a", A, 10);

    announced(
        "a",
        new RouteAnnouncement(D, List.of(A), -1),
        route(C, 5, A),
        route(C, 1, B, A),
        new RouteAnnouncement(B, List.of(A), Long.MIN_VALUE));

    assertThat(router.paths()).extracting(Path::destination).containsExactly(A, C);
    assertThat(path(C).hops()).containsExactly(A, C);
    assertThat(router.ignored()).isEqualTo(3);
  }

  @Test
  void shouldNotFollowPathsOfMoreThan32Nodes() {
    up("a", A, 10);
    List<Long> hops = new ArrayList<>(LongStream.range(100, 130).boxed().toList());
    hops.add(A);

    announced("a", new RouteAnnouncement(C, hops, 1));
    assertThat(path(C).hops()).hasSize(32);

    hops.add(0, 99L);
    announced("a", new RouteAnnouncement(C, hops, 1));
    assertThat(router.table().linkTo(C)).isNull();
    assertThat(router.ignored()).isEqualTo(1);
  }

  @Test
  void shouldKnowABoundedNumberOfDestinations() {
    up("a", A, 10);
    up("b", B, 10);
    List<RouteAnnouncement> flood =
        LongStream.range(0, 100_000).mapToObj(i -> route(1000 + i, 1, A)).toList();

    router.announced("a", flood, now);
    announced("b", route(C, 1, B), route(1000, 1, B));

    assertThat(router.table().size()).isEqualTo(Router.MAX_DESTINATIONS);
    assertThat(router.table().linkTo(C)).isNull();
    assertThat(router.ignored()).isEqualTo(100_002 - Router.MAX_DESTINATIONS + 1);
    router.down("a", now);
    announced("b", route(C, 1, B), route(1000, 1, B));
    assertThat(router.paths()).extracting(Path::destination).containsExactly(B, C, 1000L);
  }

  @Test
  void shouldReachTheOtherEndOfEveryLinkWhateverWasAnnounced() {
    up("a", A, 10);
    router.announced(
        "a", LongStream.range(0, 20_000).mapToObj(i -> route(1000 + i, 1, A)).toList(), now);

    up("b", B, 10);

    assertThat(router.table().linkTo(B)).isEqualTo("b");
  }

  @Test
  void shouldHearOnlyOfLinksThatAreUp() {
    announced("a", route(C, 1, A));
    router.rtt("a", 5, now);
    router.down("a", now);
    router.up("own", SELF, now);

    assertThat(router.paths()).isEmpty();
    assertThat(router.deadline()).isEqualTo(Long.MAX_VALUE);
    assertThat(seen.tables).isZero();
  }

  @Test
  void shouldForgetAPeerWhoseLinkNowLeadsToAnotherOne() {
    up("x", A, 10);
    announced("x", route(C, 1, A));

    up("x", B, 10);

    assertThat(router.paths()).extracting(Path::destination).containsExactly(B);
  }

  @Test
  void shouldFindEveryDestinationInALargeTable() {
    up("a", A, 10);
    up("b", B, 10);
    List<Long> ids =
        new ArrayList<>(LongStream.range(100, 4100).map(i -> i << 32).boxed().toList());
    Collections.shuffle(ids, new Random(1));

    router.announced("a", ids.stream().map(id -> route(id, id % 3, A)).toList(), now);
    router.announced("b", ids.stream().map(id -> route(id, 100, B)).toList(), now);

    assertThat(ids).allSatisfy(id -> assertThat(router.table().linkTo(id)).isEqualTo("a"));
    assertThat(router.table().linkTo(99L << 32)).isNull();
    assertThat(router.table().size()).isEqualTo(4002);
  }

  @Test
  void shouldNotChooseAnewForAnAnnouncementThatSaysTheSame() {
    up("a", A, 10);
    up("b", B, 10);
    announced("a", route(C, 1, A));
    seen.tables = 0;
    seen.announcements = 0;

    for (int i = 0; i < 1000; i++) {
      announced("a", route(C, 1, A));
    }
    pass(1000);

    assertThat(seen.tables).isZero();
    assertThat(seen.announcements).isZero();
  }
}
