package dev.weft.mesh.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What holds of one router, whatever its links do and their other ends say. */
class RouterInvariantsTest {
  private static final long SELF = 5;

  /** Few, so that they meet. */
  private static final int NODES = 12;

  private static final int LINKS = 5;

  /** What a router has put out, checked as it comes. */
  private static final class Seen implements Router.Output<Integer> {
    private final long[] peers;
    private final Map<Integer, List<RouteAnnouncement>> told = new HashMap<>();
    private final Map<Long, Long> ways = new HashMap<>();
    private ForwardingTable<Integer> table;

    private Seen(long[] peers) {
      this.peers = peers;
    }

    @Override
    public void announce(Integer link, List<RouteAnnouncement> routes) {
      assertThat(routes)
          .allSatisfy(
              route -> {
                assertThat(route.destination()).isNotIn(SELF, peers[link]);
                assertThat(route.hops()).doesNotContain(peers[link]).endsWith(SELF);
              });
      told.put(link, routes);
    }

    @Override
    public void changed(ForwardingTable<Integer> changed) {
      table = changed;
    }

    @Override
    public void routeChanged(long destination, OptionalLong via) {
      Long before =
          via.isPresent() ? ways.put(destination, via.getAsLong()) : ways.remove(destination);
      assertThat(before)
          .as("the way before")
          .isNotEqualTo(via.isPresent() ? via.getAsLong() : null);
    }

    @Override
    public void linkChanged(long destination) {
      assertThat(ways).containsKey(destination);
    }
  }

  @Property(tries = 200)
  void shouldHoldWhateverIsAnnounced(@ForAll long seed) {
    Random random = new Random(seed);
    long[] peers = LongStream.range(0, LINKS).map(i -> random.nextInt(NODES)).toArray();
    Seen seen = new Seen(peers);
    Router<Integer> router = new Router<>(SELF, true, seen);
    List<Integer> up = new ArrayList<>();
    long now = random.nextLong(-1L << 40, 1L << 40);
    for (int i = 0; i < 100; i++) {
      int link = random.nextInt(LINKS);
      switch (random.nextInt(8)) {
        case 0 -> {
          router.up(link, peers[link], now);
          up.remove((Integer) link);
          if (peers[link] != SELF) {
            up.add(link);
          }
        }
        case 1 -> {
          router.down(link, now);
          up.remove((Integer) link);
          seen.told.remove(link);
        }
        case 2, 3 -> router.rtt(link, random.nextLong(-10, 300_000), now);
        default -> router.announced(link, anything(random, peers[link]), now);
      }
      shouldAgree(router, seen, peers);
      now += TimeUnit.MILLISECONDS.toNanos(random.nextInt(400));
      if (router.deadline() <= now) {
        router.expire(now);
      }
    }
    router.expire(now + TimeUnit.SECONDS.toNanos(10));

    assertThat(router.deadline()).isEqualTo(Long.MAX_VALUE);
    shouldAgree(router, seen, peers);
    for (int link : up) {
      shouldHaveTold(router, peers[link], seen.told.get(link));
    }
  }

  private static void shouldAgree(Router<Integer> router, Seen seen, long[] peers) {
    Map<Long, Long> ways = new HashMap<>();
    for (Path<Integer> path : router.paths()) {
      assertThat(path.hops())
          .startsWith(peers[path.link()])
          .endsWith(path.destination())
          .doesNotContain(SELF)
          .doesNotHaveDuplicates()
          .hasSizeLessThanOrEqualTo(32);
      assertThat(path.rttMicros()).isNotNegative();
      assertThat(router.table().linkTo(path.destination())).isEqualTo(path.link());
      ways.put(path.destination(), path.hops().get(0));
    }
    assertThat(router.table().size()).isEqualTo(ways.size());
    assertThat(seen.ways).isEqualTo(ways);
    assertThat(seen.table == null ? 0 : seen.table.size()).isEqualTo(ways.size());
  }

  private static void shouldHaveTold(
      Router<Integer> router, long peer, List<RouteAnnouncement> told) {
    List<List<Long>> expected = new ArrayList<>();
    for (Path<Integer> path : router.paths()) {
      if (!path.hops().contains(peer)) {
        List<Long> ends = new ArrayList<>(List.of(SELF));
        ends.addAll(path.hops());
        expected.add(ends);
      }
    }
    assertThat(told)
        .extracting(
            route -> {
              List<Long> way = new ArrayList<>(List.of(route.destination()));
              way.addAll(route.hops());
              Collections.reverse(way);
              return way;
            })
        .isEqualTo(expected);
  }

  /** Good routes and nonsense. */
  private static List<RouteAnnouncement> anything(Random random, long peer) {
    List<RouteAnnouncement> all = new ArrayList<>();
    for (int i = random.nextInt(NODES); i > 0; i--) {
      List<Long> hops = new ArrayList<>();
      for (int j = random.nextInt(3); j > 0; j--) {
        hops.add((long) random.nextInt(NODES));
      }
      if (random.nextInt(20) == 0) {
        LongStream.range(100, 100 + random.nextInt(40)).forEach(hops::add);
      }
      if (random.nextInt(8) > 0) {
        hops = new ArrayList<>(new HashSet<>(hops));
        hops.remove(peer);
        hops.add(peer);
      }
      long rtt =
          switch (random.nextInt(6)) {
            case 0 -> RouteAnnouncement.UNKNOWN;
            case 1 -> random.nextLong();
            default -> random.nextInt(300_000);
          };
      all.add(new RouteAnnouncement(random.nextInt(NODES), hops, rtt));
    }
    return all;
  }
}
