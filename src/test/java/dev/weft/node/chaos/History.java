package dev.weft.node.chaos;

import static org.awaitility.Awaitility.await;

import dev.weft.node.chaos.Act.Answer;
import dev.weft.node.chaos.Act.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** What is asked and what is broken, step by step, and what has to be so by then. */
final class History {
  private static final Duration SETTLED_WITHIN = Duration.ofSeconds(90);

  /** Neighbouring seeds of java.util.Random begin alike. */
  private static final long MIXED = 0x9E3779B97F4A7C15L;

  private final ChaosLab lab;
  private final long seed;
  private final long longestMillis;
  private final List<String> lines = new ArrayList<>();
  private final Set<Integer> up =
      new TreeSet<>(IntStream.rangeClosed(1, ChaosLab.NODES).boxed().toList());

  /** What may be: one, but for requests of which nobody knows what came. */
  private Set<World> worlds = new LinkedHashSet<>(Set.of(World.empty()));

  private World before = World.empty();

  /** What was touched by requests of which nobody knows what came. */
  private final Set<String> locked = new HashSet<>();

  private boolean cut;
  private Random random;
  private Acts acts;

  /** What is done to a node. */
  private enum Blow {
    NONE,
    KILL,
    STOP,
    FREEZE,
    CUT,
    KILL_TWO
  }

  History(ChaosLab lab, long seed, Duration longest) {
    this.lab = lab;
    this.seed = seed;
    this.longestMillis = longest.toMillis();
    this.random = new Random(seed);
    this.acts = new Acts(lab, random);
  }

  List<String> lines() {
    return lines;
  }

  private void note(String line) {
    lines.add(line);
    System.out.println(lines.get(lines.size() - 1));
  }

  /** Some requests, with a blow among them or none; then all is well again. */
  void step(int number) throws Exception {
    random.setSeed((seed * 1000 + number) * MIXED);
    Blow blow =
        number == 1 || random.nextInt(4) == 0
            ? Blow.NONE
            : Blow.values()[random.nextInt(Blow.values().length)];
    int node = 1 + random.nextInt(ChaosLab.NODES);
    note("step " + number + (blow == Blow.NONE ? "" : ": " + blow + " n" + node));
    switch (blow) {
      case NONE -> requests(number == 1 ? 12 : 5, List.copyOf(up), () -> null);
      case KILL -> {
        requests(4, List.copyOf(up), () -> kill(node));
        awhile(node, true);
      }
      case KILL_TWO -> {
        int other = node % ChaosLab.NODES + 1;
        requests(
            3,
            List.copyOf(up),
            () -> {
              kill(node);
              return kill(other);
            });
        back(other);
        back(node);
      }
      case STOP -> {
        requests(4, List.copyOf(up), () -> stop(node));
        awhile(node, true);
      }
      case FREEZE -> {
        lab.cluster().freeze(node);
        up.remove(node);
        requests(3, List.copyOf(up), this::pause);
        lab.cluster().thaw(node);
        up.add(node);
      }
      case CUT -> {
        lab.cluster().partition(node);
        cut = true;
        requests(2, List.of(node), () -> null);
        requests(3, up.stream().filter(n -> n != node).toList(), this::pause);
        lab.cluster().heal();
        cut = false;
      }
    }
    settle();
  }

  private Void pause() throws Exception {
    Thread.sleep(random.nextLong(longestMillis));
    return null;
  }

  /** The others go on without it; then it comes back. */
  private void awhile(int node, boolean compare) throws Exception {
    for (int i = random.nextInt(4); i > 0; i--) {
      pause();
      requests(3, List.copyOf(up), () -> null);
      if (compare) {
        settle();
      }
    }
    back(node);
  }

  private Void kill(int node) throws Exception {
    lab.cluster().kill(node);
    up.remove(node);
    return null;
  }

  private Void stop(int node) throws Exception {
    int exit = lab.cluster().stop(node);
    up.remove(node);
    if (exit != 0) {
      throw new AssertionError("n" + node + " ends with " + exit);
    }
    return null;
  }

  private void back(int node) throws Exception {
    lab.cluster().start(node);
    lab.cluster().awaitReady(node);
    up.add(node);
  }

  /** Several at once, and something else in their midst. */
  private void requests(int most, List<Integer> to, Callable<Void> amid) throws Exception {
    Map<Act, Future<Answer>> running = new LinkedHashMap<>();
    ExecutorService callers = Executors.newCachedThreadPool();
    try {
      Set<String> taken = new HashSet<>(locked);
      World world = worlds.iterator().next();
      for (int i = most / 2 + random.nextInt(most); i > 0; i--) {
        Act act = acts.next(world, to, taken);
        taken.addAll(act.touches());
        running.put(act, callers.submit(act.call()));
      }
      Thread.sleep(random.nextInt(60));
      amid.call();
      for (Map.Entry<Act, Future<Answer>> each : running.entrySet()) {
        Answer answer;
        try {
          answer = each.getValue().get();
        } catch (ExecutionException e) {
          answer = new Answer(Outcome.LOST, e.getCause().toString());
        }
        took(each.getKey(), answer);
      }
    } finally {
      callers.shutdownNow();
    }
  }

  private void took(Act act, Answer answer) {
    note(
        "  "
            + act.text()
            + ": "
            + (answer.outcome() == Outcome.DONE ? "done" : answer.outcome() + " " + answer.text()));
    Set<World> next = new LinkedHashSet<>();
    for (World world : worlds) {
      switch (answer.outcome()) {
        case DONE -> next.add(act.effect().apply(world));
        case REFUSED -> next.add(world);
        case LOST -> {
          next.add(world);
          next.add(act.part().apply(world));
          next.add(act.effect().apply(world));
        }
      }
    }
    worlds = next;
    if (answer.outcome() == Outcome.LOST || cut) {
      locked.addAll(act.touches());
    }
  }

  /** Waits until one of the worlds is what all show. */
  private void settle() throws Exception {
    long began = System.nanoTime();
    unplug();
    List<String> least = List.of();
    while (true) {
      least = List.of();
      for (World world : worlds) {
        List<String> differences;
        try {
          differences = Comparison.of(new Scene(lab, up, world, before, !locked.contains("plug")));
        } catch (IOException | AssertionError e) {
          differences = List.of(e.toString());
        }
        if (differences.isEmpty()) {
          settled(world, began);
          return;
        }
        if (least.isEmpty() || differences.size() < least.size()) {
          least = differences;
        }
      }
      if (System.nanoTime() - began > SETTLED_WITHIN.toNanos()) {
        throw new AssertionError(String.join("\n", least) + "\nof " + worlds);
      }
      Thread.sleep(100);
    }
  }

  /** A plugin that was broken off is asked to delete what it may have made, as kubelet does. */
  private void unplug() {
    if (locked.contains("plug") && up.containsAll(ChaosLab.PLUGGED.keySet())) {
      await("the plugin")
          .atMost(SETTLED_WITHIN)
          .until(() -> lab.plug("delete").outcome() == Outcome.DONE);
      Set<World> next = new LinkedHashSet<>();
      worlds.forEach(world -> next.add(world.withPlug(false)));
      worlds = next;
      locked.remove("plug");
    }
  }

  private void settled(World world, long began) {
    note("  well after " + (System.nanoTime() - began) / 1_000_000 + " ms");
    if (up.size() == ChaosLab.NODES) {
      worlds = new LinkedHashSet<>(Set.of(world));
      before = world;
      locked.clear();
    }
  }

  /** Every node is stopped and leaves nothing. */
  void end() throws Exception {
    for (int node = 1; node <= ChaosLab.NODES; node++) {
      lab.haveRemoved(node);
      lab.cluster().kill(node);
      back(node);
    }
    settle();
    for (int node = 1; node <= ChaosLab.NODES; node++) {
      stop(node);
      List<String> left = Remains.of(lab, node, before);
      if (!left.isEmpty()) {
        throw new AssertionError(String.join("\n", left));
      }
    }
  }
}
