package dev.weft.api;

import dev.weft.bus.Fact;
import dev.weft.bus.Json;
import dev.weft.telemetry.EventLog;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/**
 * One reader of the event log, as server-sent events (WHATWG HTML, 9.2).
 *
 * <p>The log's ring is the only buffer: entries are taken from it as fast as the reader takes them.
 * One that falls behind the ring is told how many it lost; one that takes nothing for a minute is
 * disconnected.
 */
final class EventStream {
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);
  private static final int PATIENCE = 4;
  private static final int QUEUE_BYTES = 64 * 1024;

  private record Event(
      String id,
      Instant time,
      String kind,
      String severity,
      String subject,
      String text,
      Fact data) {}

  private record Gap(long missed, String reason) {}

  private final RoutingContext ctx;
  private final Vertx vertx;
  private final Context context;
  private final HttpServerResponse response;
  private final EventLog log;
  private final long epoch;
  private final Predicate<EventLog.Entry> filter;
  private final AtomicBoolean woken = new AtomicBoolean();
  private boolean follow;
  private long last;
  private int stalled;

  /**
   * @param epoch of this start of the node, in which the log counts from 1
   */
  EventStream(RoutingContext ctx, EventLog log, long epoch, Predicate<EventLog.Entry> filter) {
    this.ctx = ctx;
    this.vertx = ctx.vertx();
    this.context = vertx.getOrCreateContext();
    this.response = ctx.response();
    this.log = log;
    this.epoch = epoch;
    this.filter = filter;
  }

  /**
   * @param since id of the last event that the reader has, {@code EPOCH-NUMBER}; null for none
   * @param follow whether to stay for what happens from now on
   */
  void start(String since, boolean follow) {
    this.follow = follow;
    response
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
        .setChunked(true)
        .setWriteQueueMaxSize(QUEUE_BYTES)
        .drainHandler(drained -> pump());
    response.write("retry: 2000\n\n");
    resume(since);
    if (follow) {
      Runnable unlisten = log.listen(entry -> wake());
      long timer = vertx.setPeriodic(HEARTBEAT.toMillis(), tick -> beat());
      ctx.addEndHandler(
          end -> {
            unlisten.run();
            vertx.cancelTimer(timer);
          });
    }
    pump();
  }

  private void resume(String since) {
    if (since == null) {
      last = beforeOldest();
      return;
    }
    int dash = since.indexOf('-');
    if (since.substring(0, dash).equals(Long.toString(epoch))) {
      last = Long.parseLong(since.substring(dash + 1));
    } else {
      last = beforeOldest();
      gap(last, "the node was started since; its events of before are gone");
    }
  }

  private long beforeOldest() {
    List<EventLog.Entry> kept = log.since(0, any -> true);
    return kept.isEmpty() ? 0 : kept.get(0).id() - 1;
  }

  private void wake() {
    if (!woken.getAndSet(true)) {
      context.runOnContext(run -> pump());
    }
  }

  private void pump() {
    woken.set(false);
    if (response.closed() || response.ended()) {
      return;
    }
    while (!response.writeQueueFull()) {
      List<EventLog.Entry> entries = log.since(last, any -> true);
      if (entries.isEmpty()) {
        if (!follow) {
          response.end();
        }
        return;
      }
      long missed = entries.get(0).id() - last - 1;
      if (missed > 0) {
        gap(missed, "events came faster than they were read");
      }
      send(entries);
    }
  }

  private void send(List<EventLog.Entry> entries) {
    for (EventLog.Entry entry : entries) {
      if (response.writeQueueFull()) {
        return;
      }
      last = entry.id();
      if (filter.test(entry)) {
        String id = epoch + "-" + entry.id();
        write(
            "id: " + id + "\n",
            entry.kind(),
            new Event(
                id,
                entry.time(),
                entry.kind(),
                entry.severity().name().toLowerCase(Locale.ROOT),
                entry.subject(),
                entry.text(),
                entry.data()));
      }
    }
  }

  private void gap(long missed, String reason) {
    write("", "gap", new Gap(missed, reason));
  }

  private void write(String id, String event, Object data) {
    response.write(id + "event: " + event + "\ndata: " + Json.write(data) + "\n\n");
  }

  private void beat() {
    if (!response.writeQueueFull()) {
      stalled = 0;
      response.write(":\n\n");
    } else if (++stalled == PATIENCE) {
      response.reset();
    }
  }
}
