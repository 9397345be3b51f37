package dev.weft.proxy.utp.machine;

import java.util.function.LongSupplier;

/**
 * Keeps the way to one address open through NATs, with the datagrams of the original Keynodes: 4
 * bytes, big-endian, 0 for a ping, 1 for its answer. For one thread; times are microseconds.
 *
 * <pre>
 *   PUNCHING ──answer──▶ ESTABLISHED ──nothing heard──▶ PUNCHING
 *      │  ▲
 *   timeout pause, ping
 *      ▼  │
 *     PAUSED                         remove(): REMOVED, from each of them
 * </pre>
 *
 * <p>Established means: this end was heard, since it got an answer, and hears the other one.
 */
public final class UtpPunch {
  public static final int PING = 0;
  public static final int PONG = 1;

  /** What it tells; {@code lost} is followed by {@code trying} sooner or later. */
  public interface Told {
    void trying();

    void established();

    void lost(String reason);
  }

  /** Sends {@link #PING} or {@link #PONG}. */
  public interface Wire {
    void send(int word);
  }

  private enum State {
    PUNCHING,
    PAUSED,
    ESTABLISHED,
    REMOVED
  }

  private static final long NEVER = Long.MAX_VALUE;
  private static final long SECOND = 1_000_000;

  /** Between the first two pings of an attempt; then longer and longer. */
  private static final long FIRST_PAUSE = 50_000;

  private static final long LONGEST_PAUSE = SECOND;

  /** Between two attempts: so long after the first, and so long at most. */
  private static final long FIRST_REST = SECOND;

  private static final long LONGEST_REST = 30 * SECOND;

  /** After which what was not answered is asked again. */
  private static final long PROBE = SECOND;

  /** Without an answer, until the way is lost: with connections, and without. */
  private static final long PATIENCE_IN_USE = 4 * SECOND;

  private static final long PATIENCE = 20 * SECOND;

  private final long timeout;
  private final LongSupplier keepalive;
  private final LongSupplier connections;
  private final LongSupplier clock;
  private final Wire wire;
  private final Told told;
  private State state = State.PUNCHING;
  private long began;
  private long pause;
  private long rest = FIRST_REST;
  private long at;
  private long heardAt;
  private long sentAt;
  private long unansweredSince = NEVER;

  /**
   * Begins with the next {@link #tick}.
   *
   * @param timeout of an attempt
   * @param keepalive between two signs of life
   * @param connections how many there are to the address
   */
  public UtpPunch(
      long timeout,
      LongSupplier keepalive,
      LongSupplier connections,
      LongSupplier clock,
      Wire wire,
      Told told) {
    this.timeout = timeout;
    this.keepalive = keepalive;
    this.connections = connections;
    this.clock = clock;
    this.wire = wire;
    this.told = told;
    this.at = clock.getAsLong();
    this.began = NEVER;
  }

  /** One of these datagrams has come from the address. */
  public void arrived(int word) {
    if (state == State.REMOVED) {
      return;
    }
    long now = clock.getAsLong();
    heard();
    if (word == PING) {
      wire.send(PONG);
      if (state == State.PAUSED) {
        // The other end is trying.
        at = now;
      }
    } else if (word == PONG && state == State.PUNCHING) {
      state = State.ESTABLISHED;
      rest = FIRST_REST;
      told.established();
    }
  }

  /** Something was heard from the address. */
  public void heard() {
    heardAt = clock.getAsLong();
    unansweredSince = NEVER;
  }

  /** Something that has to be answered was sent to the address. */
  public void sent() {
    sentAt = clock.getAsLong();
    unansweredSince = Math.min(unansweredSince, sentAt);
  }

  public boolean isEstablished() {
    return state == State.ESTABLISHED;
  }

  /** Sends nothing any more. */
  public void remove() {
    state = State.REMOVED;
  }

  /** When to call {@link #tick}. */
  public long timer() {
    return switch (state) {
      case PUNCHING, PAUSED -> at;
      case ESTABLISHED ->
          unansweredSince == NEVER
              ? sentAt + keepalive.getAsLong()
              : Math.min(sentAt + PROBE, lostAt());
      case REMOVED -> NEVER;
    };
  }

  private boolean inUse() {
    return connections.getAsLong() > 0;
  }

  private long lostAt() {
    long soonest = unansweredSince + PATIENCE_IN_USE;
    return inUse() ? soonest : Math.max(soonest, heardAt + PATIENCE);
  }

  /** Does what is due. */
  public void tick() {
    long now = clock.getAsLong();
    if (timer() > now) {
      return;
    }
    switch (state) {
      case PUNCHING -> punch(now);
      case PAUSED -> begin(now);
      case ESTABLISHED -> keepAlive(now);
      case REMOVED -> {}
    }
  }

  private void begin(long now) {
    state = State.PUNCHING;
    began = now;
    pause = FIRST_PAUSE;
    unansweredSince = NEVER;
    told.trying();
    ping(now);
  }

  private void punch(long now) {
    if (began == NEVER) {
      begin(now);
    } else if (now - began >= timeout) {
      state = State.PAUSED;
      at = now + rest;
      rest = Math.min(LONGEST_REST, 2 * rest);
      told.lost("no answer within " + timeout / SECOND + " s");
    } else {
      ping(now);
    }
  }

  private void ping(long now) {
    sent();
    wire.send(PING);
    at = Math.min(now + pause, began + timeout);
    pause = Math.min(LONGEST_PAUSE, pause * 5 / 4);
  }

  private void keepAlive(long now) {
    if (unansweredSince != NEVER && lostAt() <= now) {
      told.lost(
          inUse()
              ? "no answer for " + (now - unansweredSince) / SECOND + " s while it was in use"
              : "nothing heard for " + (now - heardAt) / SECOND + " s");
      if (state == State.ESTABLISHED) {
        begin(now);
      }
    } else {
      sent();
      wire.send(PING);
    }
  }
}
