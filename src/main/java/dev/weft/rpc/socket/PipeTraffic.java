package dev.weft.rpc.socket;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one place that sockets are pumped through counts, and why its last connection failed. Any
 * thread may use it.
 */
public final class PipeTraffic {
  private static final Logger log = LoggerFactory.getLogger(PipeTraffic.class);

  /** A failure is logged once in so long, one for another reason than before ten times as often. */
  private static final long QUIET = TimeUnit.SECONDS.toNanos(10);

  private final String name;
  private final LongSupplier clock;
  private final Consumer<String> onBroken;
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
  public PipeTraffic(String name, LongSupplier clock) {
    this(name, clock, why -> {});
  }

  /**
   * @param name in the log
   * @param clock nanoseconds
   * @param onBroken told why a connection that stood was broken off, on its loop
   */
  public PipeTraffic(String name, LongSupplier clock, Consumer<String> onBroken) {
    this.name = name;
    this.clock = clock;
    this.onBroken = onBroken;
    this.loggedAt = clock.getAsLong() - QUIET;
  }

  /** Counts a connection that is being made or stands. */
  public void begins() {
    open.incrementAndGet();
  }

  public void connected() {
    made.increment();
    reason = "";
  }

  /** Tells that a connection that stood was broken off. */
  public void broken(String why) {
    onBroken.accept(why);
  }

  /** Counts a connection that could not be made, and says so in the log, a few times. */
  public void failed(String why) {
    failed.increment();
    fails(why);
  }

  /** Tells why connections cannot be made at all. */
  public synchronized void fails(String why) {
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

  public void recovers() {
    reason = "";
  }

  public void ends() {
    open.decrementAndGet();
  }

  public void sent(int bytes) {
    sent.add(bytes);
  }

  public void received(int bytes) {
    received.add(bytes);
  }

  public int open() {
    return open.get();
  }

  public long made() {
    return made.sum();
  }

  public long failures() {
    return failed.sum();
  }

  public long sentBytes() {
    return sent.sum();
  }

  public long receivedBytes() {
    return received.sum();
  }

  /** {@code up} or {@code down}. */
  public String state() {
    return reason.isEmpty() ? "up" : "down";
  }

  /** Empty while it is up. */
  public String reason() {
    return reason;
  }
}
