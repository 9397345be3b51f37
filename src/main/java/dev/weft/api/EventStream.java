package dev.weft.api;

import dev.weft.bus.Json;
import dev.weft.telemetry.EventLog;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/**
 * One reader of the event log, as server-sent events (WHATWG HTML, 9.2).
 *
 * <p>The log's ring is the only buffer: entries are taken from it as fast as the reader takes them.
 * A reader that falls behind the ring is told how many it lost; one that takes nothing for a minute
 * is disconnected.
 */
final class EventStream {
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);
  private static final int PATIENCE = 4;
  private static final int QUEUE_BYTES = 64 * 1024;

  /**
   * What a reader is told instead of events.
   *
   * @param missed how many, 0 if that is not known
   */
  record Gap(long missed, String reason) {
    static final String SLOW = "events came faster than they were read";
  }

  private final RoutingContext ctx;
  private final Vertx vertx;
  private final Context context;
  private final HttpServerResponse response;
  private final EventLog log;
  private final NodeInfo node;
  private final Predicate<String> kinds;
  private final AtomicBoolean woken = new AtomicBoolean();
  private boolean follow;
  private boolean live;
  private long missedElsewhere;
  private long last;
  private int stalled;

  /**
   * @param node this node, in whose present epoch the log counts from 1
   * @param kinds which kinds of fact are given
   */
  EventStream(RoutingContext ctx, EventLog log, NodeInfo node, Predicate<String> kinds) {
    this.ctx = ctx;
    this.vertx = ctx.vertx();
    this.context = vertx.getOrCreateContext();
    this.response = ctx.response();
    this.log = log;
    this.node = node;
    this.kinds = kinds;
  }

  /**
   * @param since id of the last event that the reader has, {@code EPOCH-NUMBER}, or how long ago,
   *     as in {@code 5m}; null for all that is kept
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
    if (dash < 0) {
      last = log.before(Duration.parse("PT" + since));
      return;
    }
    last = Long.parseLong(since.substring(dash + 1));
    // A node whose data was removed counts its starts and its events from 1 again.
    if (Long.parseLong(since.substring(0, dash)) != node.epoch() || last > log.lastId()) {
      last = beforeOldest();
      gap(last, "the node was started since; its events of before are gone");
    }
  }

  private long beforeOldest() {
    List<EventLog.Entry> kept = log.since(0);
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
    if (missedElsewhere > 0 && say("gap", new Gap(missedElsewhere, Gap.SLOW))) {
      missedElsewhere = 0;
    }
    while (!response.writeQueueFull()) {
      List<EventLog.Entry> entries = log.since(last);
      if (entries.isEmpty()) {
        if (!follow) {
          response.end();
        } else if (!live) {
          live = true;
          response.write(": live\n\n");
        }
        return;
      }
      long missed = entries.get(0).id() - last - 1;
      if (missed > 0) {
        gap(missed, Gap.SLOW);
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
      if (kinds.test(entry.kind())) {
        StreamEvent event = StreamEvent.of(entry, node);
        write("id: " + event.id() + "\n", entry.kind(), event);
      }
    }
  }

  /** Writes events of another member, without ids: a reader resumes in this node's own log. */
  void tell(ClusterEvents.Told told) {
    if (told.gap() != null && !say("gap", told.gap())) {
      missedElsewhere += Math.max(1, told.gap().missed());
    }
    for (StreamEvent event : told.events()) {
      if (kinds.test(event.kind()) && !say(event.kind(), event)) {
        missedElsewhere++;
      }
    }
  }

  /** Writes an event that is not of the log; does not, and is false, while the reader is behind. */
  boolean say(String event, Object data) {
    if (response.closed() || response.ended() || response.writeQueueFull()) {
      return false;
    }
    write("", event, data);
    return true;
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
