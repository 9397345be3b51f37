package dev.weft.reach.path;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** The paths' meters; {@code docs/mesh.md} explains them. */
final class PathMetrics {
  private final MeterRegistry registry;
  private final List<Meter> meters = new ArrayList<>();

  PathMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** {@code weft_paths}. */
  void paths(LongSupplier count) {
    meters.add(
        Gauge.builder("weft_paths", count::getAsLong)
            .description("Nodes that are reached by UDP, past all links")
            .register(registry));
  }

  /** {@code weft_paths_datagrams_total}. */
  void datagrams(LongSupplier count) {
    add(
        FunctionCounter.builder("weft_paths_datagrams", registry, always -> count.getAsLong())
            .description("Datagrams of peers' connections that were sent by such a path"));
  }

  /**
   * {@code weft_paths_changes_total}.
   *
   * @param to {@code udp} or {@code mesh}
   */
  void changes(String to, LongSupplier count) {
    add(
        FunctionCounter.builder("weft_paths_changes", registry, always -> count.getAsLong())
            .description("Paths that have changed, by what they are now")
            .tag("to", to));
  }

  /**
   * {@code weft_paths_dropped_total}.
   *
   * @param reason one of a few
   */
  void dropped(String reason, LongSupplier count) {
    add(
        FunctionCounter.builder("weft_paths_dropped", registry, always -> count.getAsLong())
            .description("Punch datagrams that changed nothing")
            .tag("reason", reason));
  }

  private void add(FunctionCounter.Builder<MeterRegistry> counter) {
    meters.add(counter.register(registry));
  }

  void close() {
    meters.forEach(registry::remove);
    meters.clear();
  }
}
