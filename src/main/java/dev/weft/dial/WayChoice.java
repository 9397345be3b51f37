package dev.weft.dial;

import dev.weft.room.Backoff;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * Which way to one node is tried first, and when a better one is tried again. A way that has failed
 * comes after those that have not. One that is lost again and again, soon after it was taken, is
 * let alone for longer each time. Any thread may call.
 */
final class WayChoice {
  /** A way that was lost within this time of being taken is not to be relied on. */
  static final Duration STEADY = Duration.ofSeconds(60);

  private static final Duration FIRST_REST = Duration.ofSeconds(5);
  private static final Duration LONGEST_REST = Duration.ofMinutes(5);

  private final String node;
  private final List<Way> ways;
  private final LongSupplier nanos;
  private final RandomGenerator random;
  private final Backoff retries;
  private final Map<Way, History> histories = new HashMap<>();

  /** What is known of a way. */
  private final class History {
    /** Why it failed or was lost; null if the last attempt succeeded. */
    private String problem;

    private long takenAt = nanos.getAsLong();
    private long restUntil = nanos.getAsLong();
    private final Backoff rests = new Backoff(FIRST_REST, LONGEST_REST, random);
  }

  /**
   * @param ways best first
   * @param nanos the time
   */
  WayChoice(String node, List<Way> ways, LongSupplier nanos, RandomGenerator random) {
    this.node = node;
    this.ways = ways;
    this.nanos = nanos;
    this.random = random;
    this.retries = new Backoff(random);
  }

  /** The ways that may lead to the node now, in the order in which to try them. */
  synchronized List<Way> order() {
    List<Way> sound = new ArrayList<>();
    List<Way> failed = new ArrayList<>();
    for (Way way : ways) {
      if (way.leadsTo(node)) {
        (history(way).problem == null ? sound : failed).add(way);
      }
    }
    sound.addAll(failed);
    return sound;
  }

  /** Whether a way leads to the node that has not failed. */
  synchronized boolean hasSound() {
    return ways.stream().anyMatch(way -> history(way).problem == null && way.leadsTo(node));
  }

  /** The ways that are better than this one, and may be tried now. */
  synchronized List<Way> better(Way used) {
    return ways.subList(0, ways.indexOf(used)).stream()
        .filter(way -> way.leadsTo(node) && history(way).restUntil - nanos.getAsLong() <= 0)
        .toList();
  }

  /** Whether no better way may lead to the node. */
  boolean isBest(Way used) {
    return ways.subList(0, ways.indexOf(used)).stream().noneMatch(way -> way.leadsTo(node));
  }

  /** How long to wait before better ways are tried again. */
  synchronized Duration retryAfter() {
    return retries.failed();
  }

  /** An attempt has failed. */
  synchronized void failed(Way way, String why) {
    history(way).problem = why;
  }

  /** An attempt has succeeded. */
  synchronized void connected(Way way) {
    History history = history(way);
    if (history.problem != null) {
      history.problem = null;
      history.takenAt = nanos.getAsLong();
    }
    retries.succeeded();
  }

  /** A connection was lost, by no wish of this node's. */
  synchronized void lost(Way way) {
    History history = history(way);
    if (history.problem != null) {
      return;
    }
    history.problem = "the connection was lost";
    long now = nanos.getAsLong();
    if (now - history.takenAt < STEADY.toNanos()) {
      history.restUntil = now + history.rests.failed().toNanos();
    } else {
      history.rests.succeeded();
    }
  }

  /** The node has joined or changed: what failed may work again. */
  synchronized void renew() {
    retries.succeeded();
    for (History history : histories.values()) {
      history.problem = null;
      history.restUntil = nanos.getAsLong();
      history.rests.succeeded();
    }
  }

  /** Why the way that is used is not a better one. */
  synchronized Optional<String> problem(Way used) {
    return ways.subList(0, ways.indexOf(used)).stream()
        .filter(way -> way.leadsTo(node))
        .map(way -> history(way).problem)
        .filter(problem -> problem != null)
        .findFirst();
  }

  private History history(Way way) {
    return histories.computeIfAbsent(way, w -> new History());
  }
}
