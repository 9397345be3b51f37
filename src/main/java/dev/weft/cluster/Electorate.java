package dev.weft.cluster;

import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.store.Store;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This member's {@link Voter} among the others: its votes go to the disk, then into a table that
 * all members see. On the cluster thread, but for what any thread may read.
 */
final class Electorate {
  static final String TABLE = "votes";

  private static final Logger log = LoggerFactory.getLogger(Electorate.class);
  private static final String KEPT = "votes";
  private static final Duration DECIDE_WITHIN = Duration.ofSeconds(5);
  private static final Duration OVERRIDE_AFTER = Duration.ofSeconds(30);

  /** What a member sees of the others. */
  interface Surroundings {
    /** Members whose records were verified, this one among them. */
    Set<String> live();

    /** As {@link Cluster#name}. */
    String name(String node);

    /** How many have to be there, by majority, before the first charter. */
    int founders();

    /** {@code cluster.size}, 0 if it is not set. */
    int size();

    /** Holders by name before there is a charter; empty while that is not known yet. */
    Optional<Map<String, String>> leases();

    /** It is decided otherwise who holds what, or whether anything can be decided. */
    void changed();
  }

  private record Pending(LeaseWish wish, Promise<Boolean> decided, long until) {}

  private final TableContext context;
  private final OwnedTable table;
  private final Surroundings surroundings;
  private final Map<String, String> read = new HashMap<>();
  private final List<Pending> pending = new ArrayList<>();
  private final Voter voter;
  private Voter.Kept kept;
  private VoteRow told;
  private boolean saving;
  private long stuckSince;
  private Optional<SortedMap<String, String>> shown = Optional.empty();

  private volatile Optional<SortedMap<String, String>> leases = Optional.empty();
  private volatile Optional<String> refusal;

  /**
   * @param kept what the disk has, empty for a new one
   */
  Electorate(
      TableContext context, OwnedTable table, Optional<String> kept, Surroundings surroundings) {
    this.context = context;
    this.table = table;
    this.surroundings = surroundings;
    this.kept = kept.map(json -> Json.read(json, Voter.Kept.class)).orElse(null);
    this.voter = new Voter(context.self(), this.kept, Electorate::newDisk);
    this.leases = voter.charter().map(Charter::leases);
    this.refusal = Optional.of("this node has just joined");
  }

  /** What the disk has of former votes. */
  static Future<Optional<String>> kept(Store store) {
    return store.get(ClusterNode.ROOM, KEPT);
  }

  private static String newDisk() {
    byte[] bytes = new byte[8];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** Holders by name as decided; empty before the first charter. Any thread. */
  Optional<SortedMap<String, String>> leases() {
    return leases;
  }

  /** Why nothing can be decided now. Any thread. */
  Optional<String> refusal() {
    return refusal;
  }

  /**
   * Has a change of a name's holder decided.
   *
   * @return false if it is another's by now; UNAVAILABLE if nothing was decided in time
   */
  Future<Boolean> decide(LeaseWish wish) {
    Promise<Boolean> decided = Promise.promise();
    context
        .thread()
        .run(
            () -> {
              if (refusal.isPresent()) {
                decided.fail(Fault.UNAVAILABLE.because(refusal.get()));
                return;
              }
              voter.wish(wish);
              pending.add(new Pending(wish, decided, millis() + DECIDE_WITHIN.toMillis()));
              pass();
            });
    return decided.future();
  }

  /** As {@link Voter#forget}. */
  Future<Set<String>> forget(Set<String> nodes) {
    return context
        .thread()
        .call(
            () -> {
              Set<String> missing = voter.forget(nodes, surroundings.live());
              pass();
              return missing;
            });
  }

  /** Reads what the others say, and does what follows. */
  void pass() {
    readRows();
    Set<String> live = surroundings.live();
    Optional<Map<String, String>> former = surroundings.leases();
    int founders = former.isPresent() ? surroundings.founders() : Integer.MAX_VALUE;
    voter.step(new Voter.View(millis(), live, founders, former.orElse(Map.of())));
    override(live);
    answer();
    show(live);
    save();
  }

  private static long millis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
  }

  private void readRows() {
    Map<String, String> now = new HashMap<>();
    for (OwnedTable.Row row : table.rows()) {
      if (row.key().isEmpty()) {
        now.put(row.node(), row.json());
      }
    }
    now.forEach(
        (node, json) -> {
          if (!json.equals(read.get(node))) {
            try {
              voter.onRow(node, Json.read(json, VoteRow.class));
            } catch (WeftException e) {
              log.warn("votes of node {} ignored: {}", surroundings.name(node), e.getMessage());
            }
          }
        });
    read.clear();
    // Of one that is away the voter forgets the row: it is read again when it is back.
    Set<String> live = surroundings.live();
    now.forEach(
        (node, json) -> {
          if (live.contains(node)) {
            read.put(node, json);
          }
        });
  }

  /** An operator who says how many there are outvotes those who are gone. */
  private void override(Set<String> live) {
    int size = surroundings.size();
    boolean stuck =
        size > 0
            && voter.charter().isPresent()
            && !voter.canDecide()
            && live.size() > size / 2
            && new TreeSet<>(live).first().equals(context.self());
    long now = millis();
    stuckSince = !stuck ? 0 : stuckSince == 0 ? now : stuckSince;
    if (stuck && now - stuckSince >= OVERRIDE_AFTER.toMillis()) {
      stuckSince = 0;
      log.warn("cluster.size is {}: voters that are away are forgotten", size);
      Set<String> away = new TreeSet<>();
      voter.charter().get().voters().forEach(v -> away.add(Charter.nodeOf(v)));
      away.removeAll(live);
      Set<String> missing = voter.forget(away, live);
      if (!missing.isEmpty()) {
        log.warn(
            "voters {} are not forgotten: they are starting",
            missing.stream().map(surroundings::name).sorted().toList());
      }
    }
  }

  private void answer() {
    SortedMap<String, String> holders = voter.charter().map(Charter::leases).orElse(null);
    for (Pending asked : List.copyOf(pending)) {
      boolean met = holders != null && asked.wish().isMet(holders);
      if (met || (holders != null && !asked.wish().applies(holders))) {
        pending.remove(asked);
        voter.drop(asked.wish());
        // The caller has to find it in all().
        leases = Optional.of(holders);
        asked.decided().complete(met);
      } else if (millis() > asked.until()) {
        pending.remove(asked);
        voter.drop(asked.wish());
        asked
            .decided()
            .fail(
                Fault.UNAVAILABLE.because(
                    "voters: no majority of them has answered in "
                        + DECIDE_WITHIN.toSeconds()
                        + " s"));
      }
    }
  }

  private void show(Set<String> live) {
    Optional<SortedMap<String, String>> holders = voter.charter().map(Charter::leases);
    Optional<String> why = why(live);
    boolean changed = !holders.equals(shown) || !why.equals(refusal);
    leases = holders;
    refusal = why;
    shown = holders;
    if (changed) {
      surroundings.changed();
    }
  }

  private Optional<String> why(Set<String> live) {
    Charter charter = voter.charter().orElse(null);
    if (charter == null) {
      int expected = surroundings.founders();
      int needed = expected / 2 + 1;
      return Optional.of(
          live.size() < needed
              ? "members: %s (expected: at least %s of %s before a lease is given; see cluster.size)"
                  .formatted(live.size(), needed, expected)
              : "the members are about to agree on who decides about leases");
    }
    return voter.canDecide()
        ? Optional.empty()
        : Optional.of(
            ("voters: %s of %s are here (expected: at least %s before a lease is given; weft nodes"
                    + " forget goes on without those that are gone for good)")
                .formatted(voter.votersHere(), charter.voters().size(), charter.majority()));
  }

  /** Nothing is told before it is on the disk. */
  private void save() {
    VoteRow row = voter.row();
    Voter.Kept now = voter.kept();
    if (saving || row.equals(told)) {
      return;
    }
    if (now.equals(kept)) {
      tell(row);
      return;
    }
    saving = true;
    context
        .store()
        .put(ClusterNode.ROOM, KEPT, Json.write(now))
        .onComplete(
            done ->
                context
                    .thread()
                    .run(
                        () -> {
                          saving = false;
                          if (done.succeeded()) {
                            kept = now;
                            tell(row);
                            pass();
                          } else {
                            log.warn("votes not stored: {}", done.cause().getMessage());
                          }
                        }));
  }

  private void tell(VoteRow row) {
    told = row;
    table
        .put("", Json.write(row))
        .onFailure(
            e -> {
              log.warn("votes not published: {}", e.getMessage());
              context.thread().run(() -> told = null);
            });
  }
}
