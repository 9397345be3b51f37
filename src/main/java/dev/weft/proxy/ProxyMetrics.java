package dev.weft.proxy;

import dev.weft.proxy.track.Tracker;
import dev.weft.rpc.socket.PipeTraffic;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** The meters of the proxies; {@code docs/proxies.md} explains them. */
final class ProxyMetrics {
  private static final List<String> STATES =
      List.of("new", "punching", "established", "composed", "lost");

  private final MeterRegistry registry;

  /** Connections by {@code SIDE STATE}; the room writes it, the registry reads it. */
  private final Map<String, Long> connections = new ConcurrentHashMap<>();

  ProxyMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Shows what a proxy counts. */
  void show(String side, PipeTraffic traffic) {
    Tags tags = Tags.of("side", side);
    Gauge.builder("weft_proxy_open", traffic::open)
        .description("Streams of clients and servers through the proxies that are open")
        .tags(tags)
        .register(registry);
    String streams = "Streams through the proxies";
    counter("streams", streams, tags.and("result", "made"), traffic::made);
    counter("streams", streams, tags.and("result", "failed"), traffic::failures);
    String bytes = "Bytes of these streams, sent to other nodes or received from them";
    counter("bytes", bytes, tags.and("direction", "sent"), traffic::sentBytes);
    counter("bytes", bytes, tags.and("direction", "received"), traffic::receivedBytes);
    for (String state : STATES) {
      String key = side + " " + state;
      Gauge.builder("weft_proxy_connections", () -> connections.getOrDefault(key, 0L))
          .description("Connections with other nodes' proxies")
          .tags(tags.and("state", state))
          .register(registry);
    }
  }

  private void counter(String name, String description, Tags tags, LongSupplier count) {
    // The registry keeps the object weakly, the function for good.
    FunctionCounter.builder("weft_proxy_" + name, registry, always -> count.getAsLong())
        .description(description)
        .tags(tags)
        .register(registry);
  }

  /** Counts an answer of the forward proxy. */
  void answered(int status) {
    Counter.builder("weft_proxy_connects")
        .description("Answers of the forward proxy to CONNECT by status")
        .tag("status", Integer.toString(status))
        .register(registry)
        .increment();
  }

  /** On the room's loop. */
  void count(String side, Tracker tracker) {
    Map<String, Long> now = tracker.counts();
    STATES.forEach(state -> connections.put(side + " " + state, now.getOrDefault(state, 0L)));
  }
}
