package dev.weft.mesh.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What holds of many routers together, whatever the graph. */
class RouterMeshTest {
  private static final int TRIES = 60;

  @Property(tries = TRIES)
  void shouldReachAllThatIsConnectedWithoutALoop(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 20) int size) {
    RandomGenerator random = new SplittableRandom(seed);
    RouterMesh mesh = graph(random, size);

    mesh.settle();

    shouldBeConsistent(mesh);
  }

  @Property(tries = TRIES)
  void shouldDoSoHoweverLinksAreCutAndRestored(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 14) int size) {
    RandomGenerator random = new SplittableRandom(seed);
    RouterMesh mesh = graph(random, size);
    for (int i = 0; i < 25; i++) {
      RouterMesh.Edge edge = mesh.edges().get(random.nextInt(mesh.edges().size()));
      if (edge.open()) {
        edge.cut();
      } else {
        edge.restore();
      }
      mesh.run(mesh.now() + TimeUnit.MILLISECONDS.toNanos(random.nextInt(1500)));
    }

    mesh.settle();

    shouldBeConsistent(mesh);
  }

  /** Each node may stay on a path that is worse by noise, and tell its peers of it as of noise. */
  @Property(tries = TRIES)
  void shouldFindThePathOfLeastRttButForNoise(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 20) int size) {
    RandomGenerator random = new SplittableRandom(seed);
    RouterMesh mesh = graph(random, size);

    mesh.settle();

    for (RouterMesh.Node node : mesh.nodes()) {
      for (Path<RouterMesh.Edge> path : node.router.paths()) {
        assertThat(path.rttMicros())
            .as("from %x to %x", node.id, path.destination())
            .isLessThanOrEqualTo(worstKept(node, path));
      }
    }
  }

  /** The worst path that may be kept beside what the neighbours reach. */
  private static long worstKept(RouterMesh.Node node, Path<RouterMesh.Edge> kept) {
    long destination = kept.destination();
    int hops = kept.hops().size();
    long best = Long.MAX_VALUE;
    for (RouterMesh.Edge edge : node.edges) {
      RouterMesh.Node peer = edge.peer(node);
      if (peer.id == destination) {
        best = Math.min(best, edge.rttMicros + 5_000L * (1 - hops));
      }
      for (Path<RouterMesh.Edge> offered : peer.router.paths()) {
        if (offered.destination() == destination && !offered.hops().contains(node.id)) {
          long further = 5_000L * (1 + offered.hops().size() - hops);
          best = Math.min(best, edge.rttMicros + withNoise(offered.rttMicros()) + further);
        }
      }
    }
    return withNoise(best);
  }

  /** The largest RTT than which this one is not clearly less. */
  private static long withNoise(long rtt) {
    return Math.max(rtt + 5_000, rtt * 5 / 4);
  }

  @Property(tries = TRIES)
  void shouldForgetANodeThatIsGone(
      @ForAll long seed, @ForAll @IntRange(min = 3, max = 14) int size) {
    RandomGenerator random = new SplittableRandom(seed);
    RouterMesh mesh = graph(random, size);
    mesh.settle();
    RouterMesh.Node gone = mesh.nodes().get(random.nextInt(size));

    long cut = mesh.now();
    gone.edges.forEach(RouterMesh.Edge::cut);
    mesh.settle();

    shouldBeConsistent(mesh);
    // 2 s until the last neighbour has noticed it; the longest path is the graph's size.
    assertThat(TimeUnit.NANOSECONDS.toMillis(mesh.now() - cut)).isLessThan(2000 + size * 350L);
  }

  @Example
  void shouldEndALoopAfterOneExchange() {
    // Two neighbours of a node that goes; each has heard of the other's way to it.
    RouterMesh mesh = new RouterMesh(new SplittableRandom(7));
    RouterMesh.Node gone = mesh.node(true);
    RouterMesh.Node one = mesh.node(true);
    RouterMesh.Node other = mesh.node(true);
    mesh.link(gone, one, 10_000);
    mesh.link(gone, other, 10_000);
    mesh.link(one, other, 100_000);
    mesh.settle();

    one.router.down(gone.edges.get(0), mesh.now());
    other.router.down(gone.edges.get(1), mesh.now());

    assertThat(one.router.table().linkTo(gone.id)).isNotNull();
    assertThat(other.router.table().linkTo(gone.id)).isNotNull();
    mesh.run(mesh.now() + TimeUnit.MILLISECONDS.toNanos(50));
    assertThat(one.router.table().linkTo(gone.id)).isNull();
    assertThat(other.router.table().linkTo(gone.id)).isNull();
  }

  @Example
  void shouldUseALeafForNothingButItself() {
    RouterMesh mesh = new RouterMesh(new SplittableRandom(7));
    RouterMesh.Node one = mesh.node(true);
    RouterMesh.Node leaf = mesh.node(false);
    RouterMesh.Node other = mesh.node(true);
    mesh.link(one, leaf, 1_000);
    mesh.link(leaf, other, 1_000);

    mesh.settle();

    assertThat(one.router.table().linkTo(leaf.id)).isNotNull();
    assertThat(one.router.table().linkTo(other.id)).isNull();
    assertThat(leaf.router.table().size()).isEqualTo(2);
  }

  @Example
  void shouldDecideTheSameFromTheSameSeed() {
    assertThat(decided(3)).isEqualTo(decided(3)).isNotEqualTo(decided(4));
  }

  private static List<String> decided(long seed) {
    RouterMesh mesh = graph(new SplittableRandom(seed), 12);
    mesh.settle();
    List<String> decided = new ArrayList<>();
    for (RouterMesh.Node node : mesh.nodes()) {
      node.router.paths().forEach(path -> decided.add(path.hops() + " " + path.rttMicros()));
    }
    decided.add(mesh.announcements + " announcements by " + mesh.now());
    return decided;
  }

  /** A random graph, not always connected, with parallel links; a room's or the world's RTTs. */
  private static RouterMesh graph(RandomGenerator random, int size) {
    RouterMesh mesh = new RouterMesh(random);
    List<RouterMesh.Node> nodes = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      nodes.add(mesh.node(true));
    }
    int longest = random.nextBoolean() ? 1_000 : 200_000;
    for (int i = 0; i < size * 2; i++) {
      RouterMesh.Node one = nodes.get(random.nextInt(size));
      RouterMesh.Node other = nodes.get(random.nextInt(size));
      if (one != other) {
        mesh.link(one, other, random.nextInt(100, longest));
      }
    }
    if (mesh.edges().isEmpty()) {
      mesh.link(nodes.get(0), nodes.get(1), longest);
    }
    return mesh;
  }

  private static void shouldBeConsistent(RouterMesh mesh) {
    for (RouterMesh.Node node : mesh.nodes()) {
      Set<Long> reached = new HashSet<>(Set.of(node.id));
      for (Path<RouterMesh.Edge> path : node.router.paths()) {
        List<Long> walked = mesh.walk(node, path.destination());
        assertThat(walked.subList(1, walked.size()))
            .as("the way from %x to %x", node.id, path.destination())
            .isEqualTo(path.hops());
        assertThat(walked).as("a way without a loop").doesNotHaveDuplicates();
        reached.add(path.destination());
      }
      assertThat(reached).as("what %x reaches", node.id).isEqualTo(mesh.connected(node));
      assertThat(node.router.table().size()).isEqualTo(reached.size() - 1);
      assertThat(node.router.ignored()).isZero();
    }
  }
}
