package dev.weft.subnet;

import dev.weft.cluster.Cluster;
import dev.weft.cluster.Leases;
import dev.weft.cluster.Leases.Lease;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** Since when the holders of leases are away, as this node saw it. For one thread. */
final class Absences {
  private final Cluster cluster;
  private final Duration grace;
  private final LongSupplier nanoTime;
  private final Map<String, Long> since = new HashMap<>();

  /**
   * @param grace how long an absent holder keeps its lease
   */
  Absences(Cluster cluster, Duration grace, LongSupplier nanoTime) {
    this.cluster = cluster;
    this.grace = grace;
    this.nanoTime = nanoTime;
  }

  /** Notes which holders are away now. */
  void observe(List<Lease> leases) {
    long now = nanoTime.getAsLong();
    for (Lease lease : leases) {
      if (cluster.member(lease.holder()).isPresent()) {
        since.remove(lease.holder());
      } else {
        since.putIfAbsent(lease.holder(), now);
      }
    }
  }

  /** Whether another node may take a lease. An outsider's lease ends only when it is freed. */
  boolean isAbandoned(Lease lease) {
    Long away = since.get(lease.holder());
    return away != null
        && !lease.holder().startsWith(Leases.OUTSIDER)
        && nanoTime.getAsLong() - away > grace.toNanos();
  }
}
