package dev.weft.subnet.tunnel;

import dev.weft.wire.WireStatus;
import dev.weft.wire.path.TrafficCounter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;

/** Counts the packets of all tunnels of this node, in one direction. */
final class TunnelTraffic {
  /** Why a packet may not cross. */
  enum Cause {
    /** It is no whole packet of the range's family, or not addressed to the device. */
    MALFORMED,

    /** Its source is not in the sender's subnet. */
    SOURCE,

    /** Its destination is not in the receiver's subnet. */
    DESTINATION
  }

  private final TrafficCounter counter = new TrafficCounter();
  private final Map<Cause, LongAdder> refused = new EnumMap<>(Cause.class);

  TunnelTraffic() {
    for (Cause cause : Cause.values()) {
      refused.put(cause, new LongAdder());
    }
  }

  /** All packets, with those that are refused among its drops. */
  TrafficCounter counter() {
    return counter;
  }

  void refuse(Cause cause) {
    refused.get(cause).increment();
  }

  long refused(Cause cause) {
    return refused.get(cause).sum();
  }

  /**
   * Registers the meters.
   *
   * @param direction {@code sent} or {@code received}
   */
  void register(MeterRegistry registry, String direction) {
    count(registry, "packets", "Packets in tunnels", t -> t.traffic().frames(), direction);
    count(registry, "bytes", "Bytes of packets in tunnels", t -> t.traffic().bytes(), direction);
    drops(registry, "queue", TunnelTraffic::queueDrops, direction);
    for (Cause cause : Cause.values()) {
      drops(registry, cause.name().toLowerCase(Locale.ROOT), t -> t.refused(cause), direction);
    }
  }

  private void count(
      MeterRegistry registry,
      String what,
      String description,
      ToDoubleFunction<TunnelTraffic> value,
      String direction) {
    FunctionCounter.builder("weft_subnet_tunnel_" + what, this, value)
        .description(description)
        .tags("direction", direction)
        .register(registry);
  }

  private void drops(
      MeterRegistry registry,
      String cause,
      ToDoubleFunction<TunnelTraffic> value,
      String direction) {
    FunctionCounter.builder("weft_subnet_tunnel_drops", this, value)
        .description("Packets that tunnels dropped")
        .tags("direction", direction, "cause", cause)
        .register(registry);
  }

  private WireStatus.Traffic traffic() {
    return counter.read();
  }

  /** What found a full queue. */
  private double queueDrops() {
    long others = refused.values().stream().mapToLong(LongAdder::sum).sum();
    return Math.max(0, traffic().drops() - others);
  }
}
