package dev.weft.api;

import dev.weft.bus.Fault;
import dev.weft.telemetry.EventLog;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;

/** This node's event log, for other members. Its calls come on one event loop. */
final class EventTail implements MemberEvents {
  /** How long a call waits for something to happen. */
  static final Duration WAIT = Duration.ofSeconds(15);

  private static final int MAX_EVENTS = 500;
  private static final int MAX_WAITING = 1000;

  private final Vertx vertx;
  private final EventLog log;
  private final NodeInfo node;
  private int waiting;

  EventTail(Vertx vertx, EventLog log, NodeInfo node) {
    this.vertx = vertx;
    this.log = log;
    this.node = node;
  }

  @Override
  public Future<Batch> after(long epoch, long number) {
    if (number < 0) {
      return Future.succeededFuture(new Batch(node.epoch(), log.lastId(), 0, List.of()));
    }
    if (waiting == MAX_WAITING) {
      throw Fault.EXHAUSTED.because(
          "event log: " + MAX_WAITING + " members wait for it (expected: at most that many)");
    }
    // A node whose data was removed counts its starts and its events from 1 again.
    long since = epoch == node.epoch() && number <= log.lastId() ? number : 0;
    Context context = vertx.getOrCreateContext();
    Promise<Void> happened = Promise.promise();
    // Listens before it looks: facts come on other threads, and one between the two would be late.
    Runnable unlisten = log.listen(e -> context.runOnContext(v -> happened.tryComplete()));
    if (!log.since(since).isEmpty()) {
      happened.complete();
    }
    long timer = vertx.setTimer(WAIT.toMillis(), late -> happened.tryComplete());
    waiting++;
    return happened
        .future()
        .map(
            v -> {
              waiting--;
              unlisten.run();
              vertx.cancelTimer(timer);
              return batch(since);
            });
  }

  private Batch batch(long since) {
    List<EventLog.Entry> entries = log.since(since);
    List<StreamEvent> events =
        entries.stream().limit(MAX_EVENTS).map(e -> StreamEvent.of(e, node)).toList();
    long first = entries.isEmpty() ? since + 1 : entries.get(0).id();
    return new Batch(node.epoch(), first + events.size() - 1, first - since - 1, events);
  }
}
