package dev.weft.subnet;

import dev.weft.cluster.Cluster;
import dev.weft.cluster.Leases.Lease;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/** Since when the holders of leases are away, as this node saw it. For one thread. */
final class Absences {
  private final Cluster cluster;
  private final Duration grace;
  private final LongSupplier nanoTime;
  private final Map<String, Long> since = new HashMap<>();

  /** Since when no majority is seen; null while one is. */
  private Long parted;

  /** Whether a majority was seen since this node started. */
  private boolean together;

  /** Holders that are no members, of which it is told that they live. */
  private final Set<String> outsiders = new HashSet<>();

  /**
   * @param grace how long an absent holder keeps its lease
   */
  Absences(Cluster cluster, Duration grace, LongSupplier nanoTime) {
    this.cluster = cluster;
    this.grace = grace;
    this.nanoTime = nanoTime;
  }

  /** Notes that a holder that is no member lives, or does not. */
  void tell(String outsider, boolean lives) {
    if (lives) {
      outsiders.add(outsider);
    } else {
      outsiders.remove(outsider);
    }
  }

  /** No majority is seen, and who is away from here may be there for a majority elsewhere. */
  void observeNothing() {
    since.clear();
    if (parted == null) {
      parted = nanoTime.getAsLong();
    }
  }

  /** Whether a majority may have given on what this node holds, which it has not heard for long. */
  boolean isUnsure() {
    return parted != null && (!together || nanoTime.getAsLong() - parted > grace.toNanos() / 2);
  }

  /** Notes which holders are away now. */
  void observe(List<Lease> leases) {
    parted = null;
    together = true;
    long now = nanoTime.getAsLong();
    for (Lease lease : leases) {
      if (cluster.member(lease.holder()).isPresent() || outsiders.contains(lease.holder())) {
        since.remove(lease.holder());
      } else {
        since.putIfAbsent(lease.holder(), now);
      }
    }
  }

  /** Whether another node may take a lease. */
  boolean isAbandoned(Lease lease) {
    Long away = since.get(lease.holder());
    return away != null && nanoTime.getAsLong() - away > grace.toNanos();
  }
}
