package dev.weft.proxy.track;

import dev.weft.bus.Fact;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Tells that streams were broken off, once a second at most. Any thread may use it. */
public final class BrokenStreams {
  private static final long QUIET = TimeUnit.SECONDS.toNanos(1);

  private final String side;
  private final LongSupplier nanos;
  private final Consumer<Fact> facts;
  private long toldAt;
  private int untold;

  /**
   * @param side {@code forward} or {@code reverse}
   */
  public BrokenStreams(String side, LongSupplier nanos, Consumer<Fact> facts) {
    this.side = side;
    this.nanos = nanos;
    this.facts = facts;
    this.toldAt = nanos.getAsLong() - QUIET;
  }

  public void broken(String why) {
    int before;
    synchronized (this) {
      long now = nanos.getAsLong();
      if (now - toldAt < QUIET) {
        untold++;
        return;
      }
      toldAt = now;
      before = untold;
      untold = 0;
    }
    facts.accept(new ProxyStreamBroken(side, why, before));
  }
}
