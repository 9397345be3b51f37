package dev.weft.wire.control;

import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** A wire's meters. */
final class WireMeters {
  private WireMeters() {}

  /** Registers the meters; the returned action removes them. */
  static Runnable register(Wire wire, MeterRegistry registry) {
    Tags tags =
        Tags.of(
            "wire", wire.spec().id(),
            "pod", wire.spec().local().pod().toString(),
            "interface", wire.spec().local().intf());
    List<Meter> meters = new ArrayList<>();
    meters.add(
        Gauge.builder("weft_wire_up", wire, w -> w.state() == WireState.UP ? 1 : 0)
            .description("1 while frames cross")
            .tags(tags)
            .register(registry));
    direction(meters, registry, tags.and("direction", "sent"), wire, Wire::sentTraffic);
    direction(meters, registry, tags.and("direction", "received"), wire, Wire::receivedTraffic);
    return () -> meters.forEach(registry::remove);
  }

  private static void direction(
      List<Meter> meters,
      MeterRegistry registry,
      Tags tags,
      Wire wire,
      Function<Wire, WireStatus.Traffic> way) {
    meters.add(
        count(registry, tags, wire, "weft_wire_frames", w -> way.apply(w).frames()));
    meters.add(count(registry, tags, wire, "weft_wire_bytes", w -> way.apply(w).bytes()));
    meters.add(count(registry, tags, wire, "weft_wire_drops", w -> way.apply(w).drops()));
  }

  private static Meter count(
      MeterRegistry registry, Tags tags, Wire wire, String name, ToDoubleFunction<Wire> value) {
    return FunctionCounter.builder(name, wire, value)
        .description("What crossed the wire's end on this node, or was lost there, by direction")
        .tags(tags)
        .register(registry);
  }
}
