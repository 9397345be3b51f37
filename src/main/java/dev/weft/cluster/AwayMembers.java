package dev.weft.cluster;

import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.store.Store;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers who was a member, over restarts too, so that a node that is away is named until it
 * returns, is forgotten, or was away for too long. Changed by the cluster thread, read by any.
 */
final class AwayMembers {
  private static final Logger log = LoggerFactory.getLogger(AwayMembers.class);

  /** The common table of nodes that are forgotten. */
  static final String FORGOTTEN = "forgotten";

  /** How often this node notes that it runs, for those that leave while it does not. */
  static final Duration NOTE_EVERY = Duration.ofMinutes(1);

  private static final String TABLE = "members-known";
  private static final String ALIVE = "alive";

  /** Nodes that are remembered; of more, those that have been away longest are dropped. */
  private static final int MAX_KNOWN = 1000;

  /** Those in the health's text; the list has all. */
  private static final int MAX_SHOWN = 5;

  /** A node that starts does not miss those yet that it has not met. */
  private static final long GRACE_SECONDS = 20;

  /** By how much clocks of two members may differ. */
  private static final long SKEW_SECONDS = 60;

  /**
   * A node that is or was a member.
   *
   * @param leftAt Unix seconds, 0 while it is live
   */
  private record Noted(Member member, long leftAt) {
    boolean away() {
      return leftAt != 0;
    }
  }

  /**
   * That a node is not expected back.
   *
   * @param epoch of its last start; it is an ordinary newcomer if it starts once more
   * @param at Unix seconds
   */
  record Forgotten(long epoch, long at) {}

  private final Store store;
  private final Clock clock;
  private final Duration forgetAfter;
  private final long openedAt;
  private final Map<String, Noted> noted = new ConcurrentHashMap<>();

  private AwayMembers(Store store, Clock clock, Duration forgetAfter) {
    this.store = store;
    this.clock = clock;
    this.forgetAfter = forgetAfter;
    this.openedAt = nowSeconds();
  }

  /**
   * Reads whom this node knew before.
   *
   * @param forgetAfter how long a node that is away is remembered
   */
  static Future<AwayMembers> open(Store store, Clock clock, Duration forgetAfter) {
    AwayMembers members = new AwayMembers(store, clock, forgetAfter);
    return store
        .get(ClusterNode.ROOM, ALIVE)
        .compose(
            alive ->
                store
                    .all(TABLE)
                    .map(
                        rows -> {
                          rows.values().forEach(row -> members.take(row, alive));
                          return members;
                        }));
  }

  private void take(String row, Optional<String> alive) {
    try {
      Noted read = Json.read(row, Noted.class);
      Member member = read.member();
      long leftAt =
          read.away() ? read.leftAt() : alive.map(Long::parseLong).orElse(member.startedAt());
      noted.put(member.id(), new Noted(member, leftAt));
    } catch (WeftException e) {
      log.warn("a member that was known is forgotten: {}", e.getMessage());
    }
  }

  /** Those that are away, by name. */
  List<AwayMember> list() {
    return noted.values().stream()
        .filter(Noted::away)
        .map(n -> new AwayMember(n.member(), n.leftAt()))
        .sorted(
            Comparator.comparing((AwayMember a) -> a.member().name())
                .thenComparing(a -> a.member().id()))
        .toList();
  }

  /** Whether a node was a member, and is away and not forgotten. */
  boolean contains(String node) {
    return find(node).isPresent();
  }

  Optional<AwayMember> find(String node) {
    return Optional.ofNullable(noted.get(node))
        .filter(Noted::away)
        .map(n -> new AwayMember(n.member(), n.leftAt()));
  }

  /** A node has become a member or has changed its record (true), or has left. */
  void changed(Member member, boolean joined) {
    note(new Noted(member, joined ? 0 : nowSeconds()));
    if (noted.size() > MAX_KNOWN) {
      list().stream()
          .min(Comparator.comparingLong(AwayMember::since))
          .ifPresent(oldest -> drop(oldest.member().id()));
    }
  }

  private void note(Noted next) {
    if (!next.equals(noted.put(next.member().id(), next))) {
      logFailure(store.put(TABLE, next.member().id(), Json.write(next)));
    }
  }

  private void drop(String node) {
    noted.remove(node);
    logFailure(store.delete(TABLE, node));
  }

  /** Notes that this node runs. */
  void noteAlive() {
    logFailure(store.put(ClusterNode.ROOM, ALIVE, Long.toString(nowSeconds())));
  }

  private static void logFailure(Future<?> write) {
    write.onFailure(e -> log.warn("who is a member is not noted: {}", e.getMessage()));
  }

  /**
   * A node that may be forgotten, as a row of the common table.
   *
   * @throws WeftException NOT_FOUND for one that is not known, CONFLICT for a live one
   */
  String rowOf(String node, Optional<Member> live) {
    live.ifPresent(
        member -> {
          throw Fault.CONFLICT.because(
              "node %s (%s) is a live member (expected: one that is away; stop it first)"
                  .formatted(member.name(), node));
        });
    AwayMember away =
        find(node)
            .orElseThrow(
                () ->
                    Fault.NOT_FOUND.because(
                        ("node %s: never was a member, or is forgotten already (expected: the id of"
                                + " one that is away)")
                            .formatted(node)));
    return Json.write(new Forgotten(away.member().epoch(), nowSeconds()));
  }

  /**
   * Forgets those that the common table names, and those that have been away for too long, with all
   * that they own in the tables.
   *
   * @param rows of the common table
   */
  void review(Map<String, String> rows, Tables tables, Consumer<Fact> publish) {
    for (AwayMember away : list()) {
      Member member = away.member();
      boolean gone = isForgotten(away, rows.get(member.id()));
      if (gone || nowSeconds() - away.since() > forgetAfter.toSeconds()) {
        drop(member.id());
        tables.forget(member.id());
        publish.accept(new MemberForgotten(member.id(), member.name(), gone));
      }
    }
  }

  private static boolean isForgotten(AwayMember away, String row) {
    if (row == null) {
      return false;
    }
    try {
      Forgotten forgotten = Json.read(row, Forgotten.class);
      return away.member().epoch() <= forgotten.epoch()
          && away.since() <= forgotten.at() + SKEW_SECONDS;
    } catch (WeftException e) {
      log.warn("{}/{} ignored: {}", FORGOTTEN, away.member().id(), e.getMessage());
      return false;
    }
  }

  /** Shows in the health who is away. */
  void show(Health health) {
    List<AwayMember> away =
        list().stream()
            .filter(a -> a.since() >= openedAt || nowSeconds() - openedAt > GRACE_SECONDS)
            .toList();
    String text =
        away.stream().limit(MAX_SHOWN).map(AwayMember::text).collect(Collectors.joining("; "))
            + (away.size() > MAX_SHOWN ? "; and %d more".formatted(away.size() - MAX_SHOWN) : "");
    String first = away.isEmpty() ? "" : away.get(0).member().name();
    health.show(
        !away.isEmpty(),
        new Health.Warning(
            ClusterNode.ROOM,
            "member-away",
            text,
            "pods there are not reached, and wires, routes and network services that lead there"
                + " wait; weft nodes --json lists them",
            "start it again; if it is gone for good: weft nodes forget " + first));
  }

  private long nowSeconds() {
    return clock.instant().getEpochSecond();
  }
}
