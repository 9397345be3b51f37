package dev.weft.api;

import dev.weft.bus.Fault;
import dev.weft.telemetry.EventLog;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** {@code /events}. */
final class EventResource {
  /** Streams that may be open at once; each costs a connection and a timer. */
  static final int MAX_STREAMS = 100;

  private final EventLog log;
  private final long epoch;
  private final AtomicInteger open;

  EventResource(EventLog log, long epoch, MeterRegistry meters) {
    this.log = log;
    this.epoch = epoch;
    this.open = meters.gauge("weft_http_event_streams", new AtomicInteger());
  }

  void bind(Operations operations) {
    operations.handle("streamEvents", this::onStream);
  }

  private void onStream(RoutingContext ctx) {
    if (open.get() >= MAX_STREAMS) {
      throw Fault.EXHAUSTED.because(
          "event streams: " + MAX_STREAMS + " are open (expected: at most that many)");
    }
    String header = ctx.request().getHeader("Last-Event-ID");
    String since = header == null ? ctx.queryParams().get("since") : header;
    String kinds = ctx.queryParams().get("kind");
    boolean follow = !"false".equals(ctx.queryParams().get("follow"));
    open.incrementAndGet();
    ctx.addEndHandler(end -> open.decrementAndGet());
    new EventStream(ctx, log, epoch, filter(kinds)).start(since, follow);
  }

  private static Predicate<EventLog.Entry> filter(String kinds) {
    if (kinds == null) {
      return entry -> true;
    }
    List<String> wanted = List.of(kinds.split(","));
    return entry -> wanted.contains(entry.kind());
  }
}
