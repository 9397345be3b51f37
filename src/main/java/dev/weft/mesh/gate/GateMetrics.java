package dev.weft.mesh.gate;

import dev.weft.rpc.socket.PipeTraffic;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** The meters of exports and forwards; {@code docs/mesh.md} explains them. */
final class GateMetrics {
  private final MeterRegistry registry;

  GateMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /**
   * Shows what an export or a forward counts.
   *
   * @param side {@code export} or {@code forward}
   * @param at the export's target, or where the forward listens
   * @return removes the meters
   */
  Runnable show(String side, String service, String at, PipeTraffic traffic) {
    Tags tags = Tags.of("side", side, "service", service, "at", at);
    List<Meter> meters = new ArrayList<>();
    meters.add(
        Gauge.builder("weft_mesh_service_open", traffic::open)
            .description("Connections of exports and forwards that are open")
            .tags(tags)
            .register(registry));
    String connections = "Connections of exports and forwards";
    meters.add(counter("connections", connections, tags.and("result", "made"), traffic::made));
    meters.add(
        counter("connections", connections, tags.and("result", "failed"), traffic::failures));
    String bytes = "Bytes of these connections, sent into the mesh or received from it";
    meters.add(counter("bytes", bytes, tags.and("direction", "sent"), traffic::sentBytes));
    meters.add(counter("bytes", bytes, tags.and("direction", "received"), traffic::receivedBytes));
    return () -> meters.forEach(registry::remove);
  }

  private Meter counter(String name, String description, Tags tags, LongSupplier count) {
    // The registry keeps the object weakly, the function for good.
    return FunctionCounter.builder(
            "weft_mesh_service_" + name, registry, always -> count.getAsLong())
        .description(description)
        .tags(tags)
        .register(registry);
  }
}
