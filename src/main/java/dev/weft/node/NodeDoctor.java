package dev.weft.node;

import dev.weft.address.HostPort;
import dev.weft.api.Doctor;
import dev.weft.bus.Bus;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;

/** Examines this node, and from here the ways to the others. */
final class NodeDoctor implements Doctor {
  /** Shorter than a member that asks waits for the whole. */
  private static final Duration DEADLINE = Duration.ofSeconds(1);

  /** Certificates and leases bear half a minute; logs of two nodes are compared by eye. */
  private static final Duration SKEW = Duration.ofSeconds(1);

  private static final List<String> WORST_FIRST = List.of("problem", "warning", "ok");

  private final Vertx vertx;
  private final Bus bus;
  private final Cluster cluster;
  private final List<HostPort> join;
  private final Health health;
  private final Clock clock;

  /** Null while none is under way. */
  private Future<List<Finding>> underway;

  /**
   * @param join where members are expected; empty for a node alone
   */
  NodeDoctor(
      Vertx vertx, Bus bus, Cluster cluster, List<HostPort> join, Health health, Clock clock) {
    this.vertx = vertx;
    this.bus = bus;
    this.cluster = cluster;
    this.join = join;
    this.health = health;
    this.clock = clock;
  }

  @Override
  public Future<Long> clock() {
    return Future.succeededFuture(clock.millis());
  }

  /** Who asks while an examination is under way gets its findings. */
  @Override
  public synchronized Future<List<Finding>> examine() {
    Future<List<Finding>> examination = underway;
    if (examination == null) {
      examination = start();
      underway = examination;
      // At once if it is over already.
      examination.onComplete(done -> over());
    }
    return examination;
  }

  private synchronized void over() {
    underway = null;
  }

  private Future<List<Finding>> start() {
    List<Future<List<Finding>>> checks = new ArrayList<>();
    checks.add(Future.succeededFuture(ill()));
    checks.add(blocking(HostCheck::capabilities));
    checks.add(blocking(HostCheck::kernel));
    List<Member> others =
        cluster.members().stream().filter(m -> !m.id().equals(cluster.self())).toList();
    for (HostPort at : join) {
      checks.add(blocking(() -> List.of(join(at, others))));
    }
    for (Member other : others) {
      checks.add(skew(other).map(List::of));
      Optional<HostPort> grpc =
          Optional.ofNullable(other.grpc()).flatMap(at -> HostPort.parse(at, 0));
      if (grpc.isPresent() && !other.outpost() && !cluster.outpost()) {
        checks.add(blocking(() -> UnderlayCheck.way(other.name(), grpc.get())));
      }
    }
    return Future.join(checks).transform(done -> Future.succeededFuture(sorted(checks)));
  }

  private Finding join(HostPort at, List<Member> others) {
    return cluster
        .foreign(at)
        .map(
            why ->
                Finding.problem(
                    "join",
                    why,
                    "give both nodes certificates of one CA (weft cert node), or correct"
                        + " cluster.join"))
        .orElseGet(() -> UnderlayCheck.join(at, others, ours()));
  }

  private Optional<Member> ours() {
    return cluster.members().stream().filter(m -> m.id().equals(cluster.self())).findAny();
  }

  private static List<Finding> sorted(List<Future<List<Finding>>> checks) {
    return checks.stream()
        .filter(Future::succeeded)
        .flatMap(check -> check.result().stream())
        .sorted(Comparator.comparingInt(f -> WORST_FIRST.indexOf(f.state())))
        .toList();
  }

  /** A check that fails in a way that it does not know is a finding too. */
  private Future<List<Finding>> blocking(Callable<List<Finding>> check) {
    return vertx
        .executeBlocking(check, false)
        .recover(
            e ->
                Future.succeededFuture(
                    List.of(
                        Finding.warning(
                            "doctor",
                            "a check could not be made: " + WeftException.of(e).getMessage(),
                            "see the node's log"))));
  }

  private List<Finding> ill() {
    List<Finding> found = new ArrayList<>();
    for (Health.Room room : health.rooms()) {
      if (room.state() == Health.State.FAILED || room.state() == Health.State.STARTING) {
        String state = room.state().name().toLowerCase(Locale.ROOT);
        found.add(
            Finding.problem(
                "health", room.name() + " is " + state, "see weft status and the node's log"));
      }
      room.warnings()
          .forEach(
              w -> found.add(Finding.warning("health", room.name() + ": " + w.text(), w.action())));
    }
    return found.isEmpty() ? List.of(Finding.ok("health", "every part of the node works")) : found;
  }

  /** By how much another member's clock differs, as far as the round trip allows to say. */
  private Future<Finding> skew(Member other) {
    long before = clock.millis();
    return bus.proxy(Doctor.class, other.id(), DEADLINE)
        .clock()
        .map(theirs -> skew(other.name(), theirs, before, clock.millis()))
        .otherwise(
            e ->
                Finding.problem(
                    "clock",
                    "node "
                        + other.name()
                        + " did not tell its clock: "
                        + WeftException.of(e).getMessage(),
                    "weft status there; is its cluster.bus reachable from here?"));
  }

  /** Pure. */
  static Finding skew(String name, long theirs, long before, long after) {
    long early = theirs - after;
    long late = theirs - before;
    // Somewhere in between: no more than this is certain.
    long certain = early > 0 ? early : Math.min(late, 0);
    Duration off = Duration.ofMillis(certain).abs();
    return off.compareTo(SKEW) < 0
        ? Finding.ok("clock", "node " + name + "'s clock agrees to " + (after - before + 1) + " ms")
        : Finding.problem(
            "clock",
            "node %s's clock is %.1f s %s this node's"
                .formatted(name, off.toMillis() / 1000.0, certain > 0 ? "ahead of" : "behind"),
            "run a time service, such as chrony, on both hosts");
  }
}
