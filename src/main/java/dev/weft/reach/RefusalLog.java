package dev.weft.reach;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells of dialling nodes whose certificate was refused. */
final class RefusalLog {
  private static final Logger log = LoggerFactory.getLogger(RefusalLog.class);

  /** Anybody can be refused, so the log tells of one in so many. */
  private static final long LOG_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Supplier<String> port;
  private final LongAdder count;
  private final AtomicLong lastTold = new AtomicLong(System.nanoTime() - LOG_NANOS);

  /**
   * @param port that refuses, for the log
   * @param count of all that were refused
   */
  RefusalLog(Supplier<String> port, LongAdder count) {
    this.port = port;
    this.count = count;
  }

  void refused(SSLEngine accepted, String why) {
    count.increment();
    long now = System.nanoTime();
    long last = lastTold.get();
    if (now - last >= LOG_NANOS && lastTold.compareAndSet(last, now)) {
      log.info(
          "{} refused {}: {}; {} refused so far",
          port.get(),
          QuicSettings.peer(accepted),
          why,
          count.sum());
    }
  }
}
