package dev.weft.topology;

import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.pod.Pod;
import dev.weft.room.Backoff;
import dev.weft.room.Passes;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireStatus;
import dev.weft.wire.Wires;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what the wire room was asked for in line with the plan: one pass at a time, on change, on
 * a slow timer, and when something that failed is due again. One wire that fails holds up no other.
 * Lives on its verticle's context.
 */
final class Joiner {
  static final Duration SLOW = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(Joiner.class);

  /** Calls to the wire room under way at one time. */
  private static final int WIDTH = 64;

  private final Vertx vertx;
  private final String self;
  private final Wires wires;
  private final Supplier<Future<Plan>> plans;
  private final LongSupplier nanoTime;
  private final MemberGrace settled;
  private final Map<String, WireSpec> asked = new HashMap<>();

  /** Nodes that are not expected back, since this node started. */
  private final Set<String> forgotten = new HashSet<>();

  private final Map<String, Failure> failures = new HashMap<>();
  private final RandomGenerator random = RandomGenerator.getDefault();
  private final Backoff passBackoff = new Backoff(random);
  private final Passes passes;
  private boolean recall = true;
  private long timer = -1;

  /** Why the last request for a wire failed, and when the next is due by the joiner's clock. */
  private record Failure(Backoff backoff, String reason, long notBefore) {}

  Joiner(
      Vertx vertx,
      Cluster cluster,
      Wires wires,
      Supplier<Future<Plan>> plans,
      LongSupplier nanoTime) {
    this.vertx = vertx;
    this.self = cluster.self();
    this.wires = wires;
    this.plans = plans;
    this.nanoTime = nanoTime;
    this.settled = new MemberGrace(cluster, nanoTime);
    this.passes = new Passes(vertx, this::pass, passBackoff);
  }

  void start() {
    vertx.setPeriodic(
        SLOW.toMillis(),
        t -> {
          recall = true;
          trigger();
        });
    trigger();
  }

  /** Why the last request for this wire failed. */
  Optional<String> failure(String wire) {
    return Optional.ofNullable(failures.get(wire)).map(Failure::reason);
  }

  /** A node is, or was, a member. */
  void onMember(String node) {
    forgotten.remove(node);
    trigger();
  }

  /** A node is not expected back: no wire to it stays. */
  void onForgotten(String node) {
    forgotten.add(node);
    trigger();
  }

  void trigger() {
    passes.ask();
  }

  private Future<Void> pass() {
    settled.refresh();
    return recallAsked()
        .compose(v -> plans.get())
        .compose(this::enforce)
        .onSuccess(v -> schedule())
        .onFailure(
            e -> {
              if (passBackoff.failures() == 0) {
                log.warn("links cannot be joined now, trying again: {}", Reason.of(e));
              }
            });
  }

  /** Begins another pass when the first of the wires that failed is due again. */
  private void schedule() {
    vertx.cancelTimer(timer);
    long now = nanoTime.getAsLong();
    failures.values().stream()
        .mapToLong(failure -> failure.notBefore - now)
        .min()
        .ifPresent(
            wait -> timer = vertx.setTimer(Math.max(1, wait / 1_000_000 + 1), t -> trigger()));
  }

  /** Reads which wires of this room the wire room has; other rooms' namespaces begin with ~. */
  private Future<Void> recallAsked() {
    if (!recall) {
      return Future.succeededFuture();
    }
    return wires
        .list()
        .onSuccess(
            standing -> {
              recall = false;
              asked.clear();
              standing.stream()
                  .map(WireStatus::spec)
                  .filter(WireSpec::isOfTopology)
                  .forEach(spec -> asked.put(spec.id(), spec));
            })
        .mapEmpty();
  }

  private Future<Void> enforce(Plan plan) {
    SortedMap<String, WireSpec> wanted = plan.wanted(self);
    // A wire whose peer is away is not made an open end: it goes on where it was.
    wanted.replaceAll(
        (id, spec) ->
            spec.isOpen() && asked.containsKey(id) && stays(plan, asked.get(id))
                ? asked.get(id)
                : spec);
    List<String> removes =
        asked.keySet().stream()
            .filter(id -> !wanted.containsKey(id) && !stays(plan, asked.get(id)))
            .toList();
    failures.keySet().removeIf(id -> !wanted.containsKey(id) && !removes.contains(id));
    // Removals first: a new wire may take an interface of an old one.
    return each(removes.iterator(), this::remove)
        .compose(v -> each(wanted.values().iterator(), this::put));
  }

  /** Whether a wire that is not wanted now is left alone, since a pod of it is only away. */
  private boolean stays(Plan plan, WireSpec spec) {
    return plan.interrupted().contains(spec.id())
        && Stream.of(spec.local(), spec.peer())
            .allMatch(
                end -> {
                  Pod pod = plan.pods().get(end.pod());
                  return pod == null
                      ? end.node() != null
                          && !end.node().equals(self)
                          && !settled.contains(end.node())
                          && !forgotten.contains(end.node())
                      : pod.node().equals(end.node());
                });
  }

  private Future<Void> remove(String id) {
    return attempt(id, () -> wires.remove(id), () -> asked.remove(id));
  }

  private Future<Void> put(WireSpec spec) {
    String id = spec.id();
    if (spec.equals(asked.get(id))) {
      failures.remove(id);
      return Future.succeededFuture();
    }
    return attempt(id, () -> wires.put(spec), () -> asked.put(id, spec));
  }

  /** Never fails: a failure is kept as the wire's reason until the request is due again. */
  private Future<Void> attempt(String id, Supplier<Future<?>> call, Runnable done) {
    Failure before = failures.get(id);
    if (before != null && before.notBefore > nanoTime.getAsLong()) {
      return Future.succeededFuture();
    }
    return call.get()
        .transform(
            result -> {
              if (result.succeeded()) {
                failures.remove(id);
                done.run();
              } else {
                onFailure(id, before, WeftException.of(result.cause()).getMessage());
              }
              return Future.succeededFuture();
            });
  }

  private void onFailure(String id, Failure before, String reason) {
    Backoff backoff = before == null ? new Backoff(random) : before.backoff;
    long notBefore = nanoTime.getAsLong() + backoff.failed().toNanos();
    failures.put(id, new Failure(backoff, reason, notBefore));
    if (before == null) {
      log.warn("wire {} cannot be joined now, trying again: {}", id, reason);
    }
  }

  private static <T> Future<Void> each(Iterator<T> items, Function<T, Future<Void>> call) {
    List<Future<Void>> calls = new ArrayList<>();
    while (calls.size() < WIDTH && items.hasNext()) {
      calls.add(call.apply(items.next()));
    }
    return calls.isEmpty()
        ? Future.succeededFuture()
        : Future.all(calls).compose(v -> each(items, call));
  }
}
