package dev.weft.cluster;

import dev.weft.bus.Fault;
import java.util.HashSet;
import java.util.Set;

/**
 * One outpost at its home. What it may still write is counted on the cluster thread, when it was
 * heard on that of the news.
 */
final class HostedOutpost {
  /** Rows of one outpost in all tables. */
  static final int MOST_ROWS = 10_000;

  /** Records that an outpost may write at once, and each second. */
  static final int BURST = 5_000;

  private static final int PER_SECOND = 200;
  private static final double NANOS = 1e9;

  private final String id;
  private final long epoch;
  private final long run;
  private final Set<ChangeLog.Row> rows = new HashSet<>();
  private long heardAt;
  private double allowed = BURST;
  private long filledAt;

  /**
   * @param epoch how often it has started
   * @param run which start of it this is
   */
  HostedOutpost(String id, long epoch, long run, long nowNanos) {
    this.id = id;
    this.epoch = epoch;
    this.run = run;
    this.heardAt = nowNanos;
    this.filledAt = nowNanos;
  }

  String id() {
    return id;
  }

  long epoch() {
    return epoch;
  }

  long run() {
    return run;
  }

  void heard(long nowNanos) {
    heardAt = nowNanos;
  }

  boolean isSilent(long nowNanos) {
    return nowNanos - heardAt > HostedOutposts.SILENCE.toNanos();
  }

  /**
   * Counts a record that is to be written; EXHAUSTED if there are too many, or too many at once.
   */
  void admit(String table, String key, long nowNanos) {
    ChangeLog.Row row = new ChangeLog.Row(table, key);
    if (!rows.contains(row) && rows.size() >= MOST_ROWS) {
      throw Fault.EXHAUSTED.because(
          "rows: outpost " + id + " has " + MOST_ROWS + " (expected: no more)");
    }
    allowed = Math.min(BURST, allowed + (nowNanos - filledAt) / NANOS * PER_SECOND);
    filledAt = nowNanos;
    if (allowed < 1) {
      throw Fault.EXHAUSTED.because(
          "records: more than " + PER_SECOND + " a second of outpost " + id);
    }
    allowed--;
    rows.add(row);
  }

  void gone(String table, String key) {
    rows.remove(new ChangeLog.Row(table, key));
  }
}
