package dev.weft.wire.control;

import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.path.DropCause;
import dev.weft.wire.path.TrafficCounter;
import dev.weft.wire.path.WireEnds;
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
  private static final String DROPS = "weft_wire_drops";

  private WireMeters() {}

  /** Registers the meters of all wires of a node. */
  static void register(
      MeterRegistry registry, KeptWires wires, ForeignEnds foreign, WireEnds ends) {
    Gauge.builder("weft_wires", () -> wires.size() + foreign.size())
        .description("Wires kept, meshnet's too")
        .register(registry);
    FunctionCounter.builder("weft_wire_refused_frames", ends, WireEnds::refused)
        .description("Frames for an interface id that is unknown or not the sender's")
        .register(registry);
  }

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
    Tags sent = tags.and("direction", "sent");
    Tags received = tags.and("direction", "received");
    direction(meters, registry, sent, wire, Wire::sentTraffic, Wire::sent);
    direction(meters, registry, received, wire, Wire::receivedTraffic, Wire::received);
    if (wire.spec().kind().isCarriedByNode()) {
      meters.add(
          FunctionCounter.builder("weft_wire_waited_seconds", wire, w -> w.sent().waitedSeconds())
              .description("How long frames waited for their share of the connection to the peer")
              .tags(tags)
              .register(registry));
    }
    return () -> meters.forEach(registry::remove);
  }

  private static void direction(
      List<Meter> meters,
      MeterRegistry registry,
      Tags tags,
      Wire wire,
      Function<Wire, WireStatus.Traffic> way,
      Function<Wire, TrafficCounter> counter) {
    meters.add(count(registry, tags, wire, "weft_wire_frames", w -> way.apply(w).frames()));
    meters.add(count(registry, tags, wire, "weft_wire_bytes", w -> way.apply(w).bytes()));
    if (wire.spec().kind().isCarriedByNode()) {
      for (DropCause cause : DropCause.values()) {
        Tags why = tags.and("cause", cause.label());
        meters.add(count(registry, why, wire, DROPS, w -> counter.apply(w).drops(cause)));
      }
    } else {
      // The kernel tells no more.
      Tags why = tags.and("cause", "kernel");
      meters.add(count(registry, why, wire, DROPS, w -> way.apply(w).drops()));
    }
  }

  private static Meter count(
      MeterRegistry registry, Tags tags, Wire wire, String name, ToDoubleFunction<Wire> value) {
    return FunctionCounter.builder(name, wire, value)
        .description("What crossed the wire's end on this node, or was lost there, by direction")
        .tags(tags)
        .register(registry);
  }
}
