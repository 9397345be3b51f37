package dev.weft.mesh.gate;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one export or forward counts, and why its last connection failed. Written on the mesh's
 * loop, read by any thread.
 */
final class GateTraffic {
  private static final Logger log = LoggerFactory.getLogger(GateTraffic.class);

  /** A failure is logged once in so long, one for another reason than before ten times as often. */
  private static final long QUIET = TimeUnit.SECONDS.toNanos(10);

  private final String name;
  private final LongSupplier clock;
  private final LongAdder made = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder sent = new LongAdder();
  private final LongAdder received = new LongAdder();
  private final AtomicInteger open = new AtomicInteger();
  private volatile String reason = "";
  private long loggedAt;
  private long unlogged;

  /**
   * @param name in the log
   * @param clock nanoseconds
   */
  GateTraffic(String name, LongSupplier clock) {
    this.name = name;
    this.clock = clock;
    this.loggedAt = clock.getAsLong() - QUIET;
  }

  /** Counts a connection that is being made or stands. */
  void begins() {
    open.incrementAndGet();
  }

  void connected() {
    made.increment();
    reason = "";
  }

  /** Counts a connection that could not be made, and says so in the log, a few times. */
  void failed(String why) {
    failed.increment();
    fails(why);
  }

  /** Tells why connections cannot be made at all. */
  void fails(String why) {
    long quiet = why.equals(reason) ? QUIET : QUIET / 10;
    reason = why;
    long now = clock.getAsLong();
    if (now - loggedAt < quiet) {
      unlogged++;
      return;
    }
    log.warn("{}: {}{}", name, why, unlogged == 0 ? "" : " (" + unlogged + " more before)");
    loggedAt = now;
    unlogged = 0;
  }

  void recovers() {
    reason = "";
  }

  void ends() {
    open.decrementAndGet();
  }

  void sent(int bytes) {
    sent.add(bytes);
  }

  void received(int bytes) {
    received.add(bytes);
  }

  int open() {
    return open.get();
  }

  long made() {
    return made.sum();
  }

  long failures() {
    return failed.sum();
  }

  long sentBytes() {
    return sent.sum();
  }

  long receivedBytes() {
    return received.sum();
  }

  /** {@code up} or {@code down}. */
  String state() {
    return reason.isEmpty() ? "up" : "down";
  }

  /** Empty while it is up. */
  String reason() {
    return reason;
  }
}
