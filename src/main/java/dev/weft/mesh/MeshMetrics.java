package dev.weft.mesh;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The mesh's meters; {@code docs/mesh.md} explains them. Whatever is given here is called by the
 * thread that reads the metrics, at any time.
 */
final class MeshMetrics {
  /** Links at most that have an RTT meter, so that those who dial in cannot make many of them. */
  static final int MAX_LINKS = 256;

  private final MeterRegistry registry;
  private final List<Meter> meters = new ArrayList<>();
  private final AtomicInteger links = new AtomicInteger();

  MeshMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /**
   * {@code weft_mesh_links}.
   *
   * @param kind as in {@link MeshLink#kind}
   * @param state as in {@link MeshLink#state}
   */
  void links(String kind, String state, LongSupplier count) {
    gauge(
        Gauge.builder("weft_mesh_links", count::getAsLong)
            .description("Links by kind and state")
            .tag("kind", kind)
            .tag("state", state));
  }

  /**
   * {@code weft_mesh_peers}.
   *
   * @param state as in {@link dev.weft.mesh.peer.MeshPeer#state}
   */
  void peers(String state, LongSupplier count) {
    gauge(
        Gauge.builder("weft_mesh_peers", count::getAsLong)
            .description("Other nodes by the state of the connection to them")
            .tag("state", state));
  }

  /** {@code weft_mesh_proxied}. */
  void proxied(LongSupplier count) {
    gauge(
        Gauge.builder("weft_mesh_proxied", count::getAsLong)
            .description("Ends of channels, sockets and event pairs whose other end is elsewhere"));
  }

  /**
   * {@code weft_mesh_transfers_total}.
   *
   * @param result {@code moved}, {@code rejoined} or {@code failed}
   */
  void transfers(String result, LongSupplier count) {
    counter("weft_mesh_transfers", "Proxied ends that went on", "result", result, count);
  }

  /** {@code weft_mesh_destinations}. */
  void destinations(LongSupplier count) {
    gauge(
        Gauge.builder("weft_mesh_destinations", count::getAsLong)
            .description("Nodes that can be reached"));
  }

  /**
   * {@code weft_mesh_frames_total} and {@code weft_mesh_bytes_total}.
   *
   * @param direction {@code sent}, {@code received} or {@code forwarded}; what is forwarded is
   *     among what is received and sent
   */
  void traffic(String direction, LongSupplier frames, LongSupplier bytes) {
    counter("weft_mesh_frames", "Frames of all links", "direction", direction, frames);
    counter("weft_mesh_bytes", "Bytes of these frames", "direction", direction, bytes);
  }

  /**
   * {@code weft_mesh_dropped_total}.
   *
   * @param reason one of a few: every reason is a time series
   */
  void dropped(String reason, LongSupplier frames) {
    counter("weft_mesh_dropped", "Frames that went no further", "reason", reason, frames);
  }

  /**
   * {@code weft_mesh_link_rtt_seconds} of one link.
   *
   * @param link that has introduced itself
   * @param rttMicros null until it is measured
   * @return removes the meter; to be run when the link is gone, again does nothing
   */
  Runnable rtt(MeshLink link, Supplier<Long> rttMicros) {
    if (links.incrementAndGet() > MAX_LINKS) {
      return once(() -> {});
    }
    Meter meter =
        TimeGauge.builder("weft_mesh_link_rtt", () -> known(rttMicros.get()), TimeUnit.MICROSECONDS)
            .description("Round trip to the other end, smoothed")
            .tag("link", link.id())
            .tag("kind", link.kind())
            .tag("node", link.node())
            .register(registry);
    return once(() -> registry.remove(meter));
  }

  private Runnable once(Runnable removal) {
    AtomicBoolean gone = new AtomicBoolean();
    return () -> {
      if (!gone.getAndSet(true)) {
        removal.run();
        links.decrementAndGet();
      }
    };
  }

  /** Removes what counts the whole mesh. */
  void close() {
    meters.forEach(registry::remove);
    meters.clear();
  }

  private static double known(Long value) {
    return value == null ? Double.NaN : value;
  }

  private void gauge(Gauge.Builder<?> gauge) {
    meters.add(gauge.register(registry));
  }

  private void counter(
      String name, String description, String tag, String value, LongSupplier count) {
    meters.add(
        // The registry keeps the object weakly, the function for good.
        FunctionCounter.builder(name, registry, always -> count.getAsLong())
            .description(description)
            .tag(tag, value)
            .register(registry));
  }
}
