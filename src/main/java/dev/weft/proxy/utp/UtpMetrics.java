package dev.weft.proxy.utp;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;

/** The meters of the sockets; {@code docs/proxies.md} explains them. */
final class UtpMetrics {
  private final MeterRegistry registry;

  UtpMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Shows what the sockets of a proxy count. */
  void show(String side, UtpCounters counters) {
    Tags tags = Tags.of("side", side);
    connections(tags.and("state", "open"), counters::open);
    connections(tags.and("state", "half-open"), counters::halfOpen);
    String packets = "Datagrams of the proxies' uTP sockets; what was sent again was sent too";
    count("packets", packets, tags.and("direction", "sent"), counters.sent);
    count("packets", packets, tags.and("direction", "received"), counters.received);
    count("packets", packets, tags.and("direction", "sent-again"), counters.sentAgain);
    String dropped = "What came to the proxies' uTP sockets and was taken for nothing";
    count("dropped", dropped, tags.and("reason", "strange"), counters.strange);
    count("dropped", dropped, tags.and("reason", "unknown"), counters.unknown);
    count("dropped", dropped, tags.and("reason", "refused"), counters.refused);
    count("dropped", dropped, tags.and("reason", "denied"), counters.denied);
  }

  private void connections(Tags tags, IntSupplier count) {
    Gauge.builder("weft_proxy_utp_connections", count::getAsInt)
        .description("uTP connections of the proxies")
        .tags(tags)
        .register(registry);
  }

  private void count(String name, String description, Tags tags, LongAdder count) {
    FunctionCounter.builder("weft_proxy_utp_" + name, count, LongAdder::sum)
        .description(description)
        .tags(tags)
        .register(registry);
  }
}
