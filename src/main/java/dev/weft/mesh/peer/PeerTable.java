package dev.weft.mesh.peer;

import dev.weft.room.Backoff;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * Which nodes are dialled when. Pure: the caller supplies the clock (nanoseconds, as {@link
 * System#nanoTime}) and does what the table says. For one thread, but for what rows show.
 *
 * <pre>
 *   IDLE ──reachable──▶ QUEUED ──a slot is free──▶ DIALLING ──connected──▶ UP
 *                         ▲                           │ failed            │ ended
 *                         └────── after a while ── WAITING ◀──────────────┘
 * </pre>
 *
 * A node that no route has led to for 5 s is forgotten, whatever its state.
 */
final class PeerTable {
  /** Handshakes at once: each takes milliseconds of this loop, and an answer of a far node. */
  static final int MOST_DIALLING = 16;

  /** A node without a route is closed after so long. */
  static final long NO_ROUTE_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** A connection that stood for so long was none that fails again and again. */
  private static final long STOOD_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** The longest wait: a node of an older version does not answer however often it is asked. */
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

  /** What the caller does. */
  interface Output {
    /** Dials; answered by {@link #connected} or {@link #failed}. */
    void dial(long node);

    /** Asks a connection that stood through an outage whether it still does. */
    void probe(long node);

    /** Closes what there is with a node, which is no peer any more. */
    void forget(long node, String reason);
  }

  /** A node. */
  static final class Row {
    private final long node;
    private final long number;
    private final Backoff backoff;
    private DialState state = DialState.IDLE;
    private volatile Shown shown = Shown.CONNECTING;
    private String reason = "";
    private boolean reachable;
    private boolean urgent;
    private long since;
    private long at = Long.MAX_VALUE;

    private Row(long node, long number, RandomGenerator random, long now) {
      this.node = node;
      this.number = number;
      this.backoff = new Backoff(Backoff.FIRST, LONGEST_WAIT, random);
      this.since = now;
    }

    long node() {
      return node;
    }

    DialState state() {
      return state;
    }

    Shown shown() {
      return shown;
    }

    /** When what is shown began. */
    long since() {
      return since;
    }

    /** Why it is not up; empty if nothing has failed. */
    String reason() {
      return reason;
    }

    boolean reachable() {
      return reachable;
    }

    private int failures() {
      return backoff.failures();
    }

    private void show(long now) {
      Shown next =
          state == DialState.UP ? Shown.UP : reason.isEmpty() ? Shown.CONNECTING : Shown.DOWN;
      if (next != shown) {
        shown = next;
        since = now;
      }
    }
  }

  /** What people are shown of a node. */
  enum Shown {
    CONNECTING,
    UP,
    DOWN
  }

  private final Output output;
  private final RandomGenerator random;
  private final Map<Long, Row> rows = new ConcurrentHashMap<>();

  /**
   * Those that wait for a slot: whom somebody asks for, then who has failed least, then in turn.
   */
  private final TreeSet<Row> queue =
      new TreeSet<>(
          Comparator.comparing((Row row) -> !row.urgent)
              .thenComparingInt(Row::failures)
              .thenComparingLong(row -> row.number));

  private final TreeSet<Row> timed =
      new TreeSet<>(
          Comparator.comparingLong((Row row) -> row.at).thenComparingLong(row -> row.number));

  private int dialling;
  private long numbers;

  PeerTable(RandomGenerator random, Output output) {
    this.random = random;
    this.output = output;
  }

  Collection<Row> rows() {
    return rows.values();
  }

  /** The row of a node; null without one. */
  Row row(long node) {
    return rows.get(node);
  }

  /** A route leads to a node, or none any more. */
  void reachable(long node, boolean yes, long now) {
    Row row = rows.get(node);
    if (row == null) {
      if (!yes) {
        return;
      }
      row = new Row(node, numbers++, random, now);
      rows.put(node, row);
    }
    if (row.reachable == yes) {
      return;
    }
    row.reachable = yes;
    if (yes) {
      back(row, now);
    } else {
      row.reason = "no route";
      boolean begun = row.state == DialState.UP || row.state == DialState.DIALLING;
      become(row, begun ? row.state : DialState.IDLE, now);
      due(row, now + NO_ROUTE_NANOS);
    }
    dialNext(now);
  }

  private void back(Row row, long now) {
    due(row, Long.MAX_VALUE);
    row.reason = "";
    if (row.state == DialState.UP) {
      output.probe(row.node);
    } else if (row.state == DialState.IDLE) {
      row.backoff.succeeded();
      become(row, DialState.QUEUED, now);
    }
  }

  /** A node has dialled this one: it is no older version, and is there. */
  void heard(long node, long now) {
    Row row = rows.get(node);
    if (row != null && row.state == DialState.WAITING) {
      due(row, Long.MAX_VALUE);
      become(row, DialState.QUEUED, now);
      dialNext(now);
    }
  }

  /**
   * Somebody asks for the node: it is dialled before others, though not before its wait is over.
   */
  void wanted(long node) {
    Row row = rows.get(node);
    if (row != null && !row.urgent) {
      boolean queued = queue.remove(row);
      row.urgent = true;
      if (queued) {
        queue.add(row);
      }
    }
  }

  /**
   * The node that was to be dialled is a peer.
   *
   * @return false if nobody wants the connection any more
   */
  boolean connected(long node, long now) {
    Row row = dialled(node);
    if (row != null) {
      row.reason = row.reachable ? "" : row.reason;
      row.urgent = false;
      become(row, DialState.UP, now);
    }
    dialNext(now);
    return row != null;
  }

  /** The node that was to be dialled is none. */
  void failed(long node, String reason, long now) {
    Row row = dialled(node);
    if (row != null) {
      wait(row, reason, now);
    }
    dialNext(now);
  }

  private Row dialled(long node) {
    dialling--;
    Row row = rows.get(node);
    // It may have been forgotten, and found again, while it was dialled.
    return row == null || row.state != DialState.DIALLING ? null : row;
  }

  /** A connection that was up is over. */
  void ended(long node, String reason, long now) {
    Row row = rows.get(node);
    if (row == null || row.state != DialState.UP) {
      return;
    }
    if (now - row.since >= STOOD_NANOS) {
      row.backoff.succeeded();
    }
    wait(row, reason, now);
  }

  private void wait(Row row, String reason, long now) {
    if (!row.reachable) {
      become(row, DialState.IDLE, now);
      return;
    }
    row.reason = reason;
    become(row, DialState.WAITING, now);
    due(row, now + row.backoff.failed().toNanos());
  }

  /** When {@link #expire} has something to do; {@link Long#MAX_VALUE} for never. */
  long deadline() {
    return timed.isEmpty() ? Long.MAX_VALUE : timed.first().at;
  }

  /** Does what is due. */
  void expire(long now) {
    while (deadline() <= now) {
      Row row = timed.first();
      due(row, Long.MAX_VALUE);
      if (row.reachable) {
        become(row, DialState.QUEUED, now);
      } else {
        rows.remove(row.node);
        output.forget(row.node, "no route for " + NO_ROUTE_NANOS / 1_000_000_000 + " s");
      }
    }
    dialNext(now);
  }

  private void due(Row row, long at) {
    timed.remove(row);
    row.at = at;
    if (at != Long.MAX_VALUE) {
      timed.add(row);
    }
  }

  private void become(Row row, DialState state, long now) {
    queue.remove(row);
    row.state = state;
    row.show(now);
    if (state == DialState.QUEUED) {
      queue.add(row);
    }
  }

  private void dialNext(long now) {
    while (dialling < MOST_DIALLING && !queue.isEmpty()) {
      Row row = queue.first();
      become(row, DialState.DIALLING, now);
      dialling++;
      output.dial(row.node);
    }
  }
}
