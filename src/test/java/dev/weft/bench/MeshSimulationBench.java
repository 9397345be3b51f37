package dev.weft.bench;

import dev.weft.mesh.MeshSimulation;
import dev.weft.mesh.MeshWalks;
import dev.weft.mesh.route.ForwardingTable;
import dev.weft.mesh.route.RouteAnnouncement;
import dev.weft.mesh.route.Router;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Routing of a large mesh: what one router computes, and how 1,000 of them converge on a simulated
 * clock with a tenth of all frames lost. Needs a heap of 4 GB; {@code -Dweft.simulation.nodes} for
 * another number of nodes. Prints tables.
 */
public final class MeshSimulationBench {
  private static final int DESTINATIONS = 1_000;
  private static final int LINKS = 8;
  private static final int HOPS = 6;
  private static final int DEGREE = 4;
  private static final double LOSS = 0.1;
  private static final long LIMIT = TimeUnit.SECONDS.toNanos(300);
  private static final long CALM = TimeUnit.SECONDS.toNanos(10);
  private static final int ROUNDS = 200;

  /** Sets to draw from: making one takes as long as reading it. */
  private static final int DRAWN = 20;

  /** The machine may be shared. */
  private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

  private MeshSimulationBench() {}

  public static void main(String[] args) {
    computation();
    System.out.printf(
        "%n%-6s %-22s %8s %9s %9s %10s %11s %7s %9s %8s%n",
        "nodes", "", "s", "frames", "KB", "announced", "exchange ms", "loops", "loop ms", "CPU s");
    for (int nodes : new int[] {100, Integer.getInteger("weft.simulation.nodes", 1_000)}) {
      mesh(nodes);
    }
  }

  /** All counts are a node's, on average; the time of a cut is until all is reached again. */
  private static void mesh(int nodes) {
    MeshSimulation mesh = new MeshSimulation(1, nodes, DEGREE, LOSS);
    phase(mesh, nodes, "start", LIMIT);
    phase(mesh, nodes, "10 s later", 0);
    System.out.printf(
        "%-6d paths are longer than the shortest by %.1f %%%n",
        nodes, (new MeshWalks(mesh).stretch() - 1) * 100);
    mesh.cutALink();
    phase(mesh, nodes, "a link is cut", LIMIT);
    phase(mesh, nodes, "10 s later", 0);
  }

  private static void phase(MeshSimulation mesh, int nodes, String what, long limit) {
    MeshWalks walks = new MeshWalks(mesh);
    long began = mesh.now();
    long frames = mesh.frames();
    long bytes = mesh.bytes();
    long announced = mesh.announcements();
    long cpu = 0;
    do {
      long step = CPU.getCurrentThreadCpuTime();
      mesh.run(TimeUnit.MILLISECONDS.toNanos(50));
      cpu += CPU.getCurrentThreadCpuTime() - step;
      walks.watch();
    } while (limit == 0
        ? mesh.now() - began < CALM
        : !walks.complete() && mesh.now() - began < limit);
    System.out.printf(
        "%-6d %-22s %8.1f %9d %9.1f %10.1f %11d %7d %9d %8.1f%n",
        nodes,
        what + (walks.complete() ? "" : ": INCOMPLETE"),
        (mesh.now() - began) / 1e9,
        (mesh.frames() - frames) / nodes,
        (mesh.bytes() - bytes) / 1e3 / nodes,
        (double) (mesh.announcements() - announced) / nodes,
        TimeUnit.NANOSECONDS.toMillis(mesh.longestExchange()),
        walks.mostLoops(),
        TimeUnit.NANOSECONDS.toMillis(walks.longestLoop()),
        cpu / 1e9);
  }

  private static final class Counting implements Router.Output<Integer> {
    private int announcements;

    @Override
    public void announce(Integer link, List<RouteAnnouncement> routes) {
      announcements++;
    }

    @Override
    public void changed(ForwardingTable<Integer> table) {
      // Part of the work, not of the result.
    }

    @Override
    public void routeChanged(long destination, OptionalLong via) {
      // Part of the work, not of the result.
    }

    @Override
    public void linkChanged(long destination) {
      // Part of the work, not of the result.
    }
  }

  private static void computation() {
    Random random = new Random(1);
    long[] nodes = random.longs(DESTINATIONS).toArray();
    Counting output = new Counting();
    Router<Integer> router = new Router<>(1, true, output);
    List<List<List<RouteAnnouncement>>> drawn = new ArrayList<>();
    List<List<RouteAnnouncement>> sets = new ArrayList<>();
    for (int link = 0; link < LINKS; link++) {
      long peer = 100L + link;
      drawn.add(Stream.generate(() -> set(nodes, peer, random)).limit(DRAWN).toList());
      sets.add(drawn.get(link).get(0));
      router.up(link, 100 + link, 0);
      router.rtt(link, 10_000, 0);
      router.announced(link, sets.get(link), 0);
    }
    System.out.printf(
        "%-62s %10s %12s%n",
        DESTINATIONS + " destinations, " + LINKS + " links", "median ms", "worst ms CPU");
    long[] now = {TimeUnit.SECONDS.toNanos(1)};
    row(
        "all RTTs change: all paths compared, most change",
        () -> {
          now[0] += TimeUnit.SECONDS.toNanos(1);
          for (int link = 0; link < LINKS; link++) {
            router.rtt(link, random.nextInt(1_000, 400_000), now[0]);
          }
          now[0] += TimeUnit.SECONDS.toNanos(1);
          router.expire(now[0]);
        });
    row(
        "an announcement in which every RTT is another one",
        () -> {
          now[0] += TimeUnit.SECONDS.toNanos(1);
          router.announced(0, drawn.get(0).get(random.nextInt(DRAWN)), now[0]);
        });
    row(
        "an announcement in which one route is another one",
        () -> {
          now[0] += TimeUnit.SECONDS.toNanos(1);
          List<RouteAnnouncement> changed = new ArrayList<>(sets.get(1));
          changed.set(0, new RouteAnnouncement(nodes[0], List.of(101L), random.nextInt(100)));
          router.announced(1, changed, now[0]);
        });
    row(
        "a link goes down and up again",
        () -> {
          now[0] += TimeUnit.SECONDS.toNanos(1);
          router.down(2, now[0]);
          router.up(2, 102, now[0]);
          router.announced(2, sets.get(2), now[0]);
        });
    int before = output.announcements;
    row(
        "a burst of 1,000 announcements, 1 ms apart",
        5,
        () -> {
          for (int i = 0; i < 1_000; i++) {
            now[0] += TimeUnit.MILLISECONDS.toNanos(1);
            router.announced(i % LINKS, drawn.get(i % LINKS).get(random.nextInt(DRAWN)), now[0]);
          }
        });
    System.out.printf(
        "announcements of the bursts: %d over each link for each%n",
        (output.announcements - before) / LINKS / 10);
  }

  private static List<RouteAnnouncement> set(long[] nodes, long peer, Random random) {
    List<RouteAnnouncement> set = new ArrayList<>();
    for (long node : nodes) {
      List<Long> hops = new ArrayList<>();
      for (int i = random.nextInt(HOPS); i > 0; i--) {
        hops.add(nodes[random.nextInt(nodes.length)]);
      }
      hops.removeIf(hop -> hop == node);
      hops = new ArrayList<>(hops.stream().distinct().toList());
      hops.add(peer);
      set.add(new RouteAnnouncement(node, hops, random.nextInt(1_000, 400_000)));
    }
    return set;
  }

  private static void row(String what, Runnable work) {
    row(what, ROUNDS, work);
  }

  private static void row(String what, int rounds, Runnable work) {
    double[] millis = new double[rounds];
    for (int i = -rounds; i < rounds; i++) {
      long begun = CPU.getCurrentThreadCpuTime();
      work.run();
      if (i >= 0) {
        millis[i] = (CPU.getCurrentThreadCpuTime() - begun) / 1e6;
      }
    }
    Arrays.sort(millis);
    System.out.printf("%-62s %10.2f %10.2f%n", what, millis[rounds / 2], millis[rounds - 1]);
  }
}
