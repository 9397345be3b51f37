package dev.weft.wire.control;

import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.path.TrafficCounter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

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
    direction(meters, registry, tags.and("direction", "sent"), wire.sent());
    direction(meters, registry, tags.and("direction", "received"), wire.received());
    return () -> meters.forEach(registry::remove);
  }

  private static void direction(
      List<Meter> meters, MeterRegistry registry, Tags tags, TrafficCounter counter) {
    meters.add(count(registry, tags, counter, "weft_wire_frames", WireStatus.Traffic::frames));
    meters.add(count(registry, tags, counter, "weft_wire_bytes", WireStatus.Traffic::bytes));
    meters.add(count(registry, tags, counter, "weft_wire_drops", WireStatus.Traffic::drops));
  }

  private static Meter count(
      MeterRegistry registry,
      Tags tags,
      TrafficCounter counter,
      String name,
      ToLongFunction<WireStatus.Traffic> value) {
    return FunctionCounter.builder(name, counter, c -> value.applyAsLong(c.read()))
        .description("What crossed the wire's end on this node, or was lost there, by direction")
        .tags(tags)
        .register(registry);
  }
}
