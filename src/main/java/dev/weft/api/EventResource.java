package dev.weft.api;

import dev.weft.bus.Fault;
import dev.weft.telemetry.EventLog;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.MultiMap;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** {@code /events}. */
final class EventResource {
  /** Streams that may be open at once; each costs a connection and a timer. */
  static final int MAX_STREAMS = 100;

  /** How many rows, from the first of a list, a stream tells the counters of. */
  static final int TRAFFIC_ROWS = 500;

  private final EventLog log;
  private final NodeInfo node;
  private final ClusterEvents elsewhere;
  private final ListResource lists;
  private final AtomicInteger open;

  EventResource(
      EventLog log,
      NodeInfo node,
      ClusterEvents elsewhere,
      ListResource lists,
      MeterRegistry meters) {
    this.log = log;
    this.node = node;
    this.elsewhere = elsewhere;
    this.lists = lists;
    this.open = new AtomicInteger();
    Gauge.builder("weft_http_event_streams", open, AtomicInteger::get)
        .description("Streams of events that are open")
        .register(meters);
  }

  void bind(Operations operations) {
    operations.handle("streamEvents", this::onStream);
  }

  private void onStream(RoutingContext ctx) {
    if (open.get() >= MAX_STREAMS) {
      throw Fault.EXHAUSTED.because(
          "event streams: " + MAX_STREAMS + " are open (expected: at most that many)");
    }
    MultiMap parameters = ctx.queryParams();
    String header = ctx.request().getHeader("Last-Event-ID");
    boolean follow = !"false".equals(parameters.get("follow"));
    boolean cluster = "cluster".equals(parameters.get("scope"));
    String traffic = parameters.get("traffic");
    open.incrementAndGet();
    ctx.addEndHandler(end -> open.decrementAndGet());
    EventStream stream = new EventStream(ctx, log, node, filter(parameters.get("kind")));
    stream.start(header == null ? parameters.get("since") : header, follow);
    if (follow && cluster) {
      Runnable unlisten = elsewhere.listen(stream::tell);
      ctx.addEndHandler(end -> unlisten.run());
    }
    if (follow && traffic != null) {
      int seconds = Integer.parseInt(traffic);
      Lists.Query first = new Lists.Query(cluster, null, TRAFFIC_ROWS);
      TrafficReport wires = TrafficReport.wires(seconds, () -> lists.page("wires", first), stream);
      TrafficReport links =
          TrafficReport.meshLinks(seconds, () -> lists.page("mesh/links", first), stream);
      long timer =
          ctx.vertx()
              .setPeriodic(
                  seconds * 1000L,
                  tick -> {
                    wires.write();
                    links.write();
                  });
      ctx.addEndHandler(end -> ctx.vertx().cancelTimer(timer));
    }
  }

  private static Predicate<String> filter(String kinds) {
    return kinds == null ? kind -> true : List.of(kinds.split(","))::contains;
  }
}
