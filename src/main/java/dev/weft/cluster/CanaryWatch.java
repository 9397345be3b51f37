package dev.weft.cluster;

import dev.weft.bus.Bus;
import dev.weft.telemetry.Health;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Asks every member over the event bus every few seconds. When a partition heals, Vert.x can lose
 * subscriptions: a member is live and does not answer. This node then registers its own again.
 */
final class CanaryWatch {
  private static final Duration EVERY = Duration.ofSeconds(3);
  private static final Duration DEADLINE = Duration.ofSeconds(2);
  private static final int SILENT_AFTER = 3;

  private final Vertx vertx;
  private final Bus bus;
  private final Cluster cluster;
  private final Health health;
  private final Duration every;
  private final Map<String, Integer> missed = new HashMap<>();

  CanaryWatch(Vertx vertx, Bus bus, Cluster cluster, Health health) {
    this(vertx, bus, cluster, health, EVERY);
  }

  CanaryWatch(Vertx vertx, Bus bus, Cluster cluster, Health health, Duration every) {
    this.vertx = vertx;
    this.bus = bus;
    this.cluster = cluster;
    this.health = health;
    this.every = every;
  }

  void start() {
    vertx.setPeriodic(every.toMillis(), id -> ask());
  }

  private void ask() {
    missed.keySet().retainAll(cluster.members().stream().map(Member::id).toList());
    for (Member member : cluster.members()) {
      if (!member.id().equals(cluster.self())) {
        bus.proxy(Canary.class, member.id(), DEADLINE)
            .sing()
            .onSuccess(id -> heard(member))
            .onFailure(e -> silent(member));
      }
    }
    if (missed.values().stream().noneMatch(n -> n >= SILENT_AFTER)) {
      health.clear("cluster", "event-bus");
    }
  }

  /** Whether the event bus does not lead there: one of the two is an outpost. */
  private boolean outside(Member member) {
    return member.outpost() || cluster.outpost();
  }

  private String by(Member member) {
    return outside(member) ? "through the mesh" : "on the event bus at " + member.bus();
  }

  private void heard(Member member) {
    missed.remove(member.id());
  }

  private void silent(Member member) {
    int times = missed.merge(member.id(), 1, Integer::sum);
    if (times % SILENT_AFTER == 0) {
      health.raise(
          new Health.Warning(
              "cluster",
              "event-bus",
              "node %s is a member but does not answer %s".formatted(member.name(), by(member)),
              "lists with scope=cluster lack what is on that node",
              "check that %s can be reached from here; both ends register again by themselves"
                  .formatted(outside(member) ? "it" : member.bus())));
      bus.renew();
    }
  }
}
