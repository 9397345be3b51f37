package dev.weft.topology;

import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Which members have been there long enough to have told all of their pods. A node that restarts is
 * away for seconds and then a member without pods: wires to it outlive that.
 */
final class MemberGrace {
  static final Duration GRACE = Duration.ofSeconds(15);

  private final Cluster cluster;
  private final LongSupplier nanoTime;
  private final Map<String, Seen> seen = new HashMap<>();

  private record Seen(long epoch, long since) {}

  MemberGrace(Cluster cluster, LongSupplier nanoTime) {
    this.cluster = cluster;
    this.nanoTime = nanoTime;
  }

  /** Notes who is there now; called whenever members may have changed. */
  void refresh() {
    Map<String, Seen> now = new HashMap<>();
    for (Member member : cluster.members()) {
      Seen before = seen.get(member.id());
      boolean same = before != null && before.epoch == member.epoch();
      now.put(member.id(), same ? before : new Seen(member.epoch(), nanoTime.getAsLong()));
    }
    seen.clear();
    seen.putAll(now);
  }

  boolean contains(String node) {
    Seen member = seen.get(node);
    return member != null && nanoTime.getAsLong() - member.since >= GRACE.toNanos();
  }
}
