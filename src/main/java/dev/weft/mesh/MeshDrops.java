package dev.weft.mesh;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/** Counts frames that this node let go, by reason. Any thread may count and read. */
final class MeshDrops {
  /** Why a frame went no further. */
  enum Reason {
    /** Without a hop limit. */
    MALFORMED,
    /** It would go back where it came from, or it came back to its source. */
    LOOP,
    NO_ROUTE,
    /** For another node, and {@code mesh.relay} is false. */
    NO_RELAY,
    /** Over {@code mesh.relay-rate}. */
    RELAY_RATE,
    HOP_LIMIT,
    /** Of a kind that nothing on this node takes. */
    NO_TAKER,
    /** The next link's event loop was busy. */
    BUSY;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Map<Reason, LongAdder> counts = new EnumMap<>(Reason.class);

  MeshDrops() {
    for (Reason reason : Reason.values()) {
      counts.put(reason, new LongAdder());
    }
  }

  void add(Reason reason) {
    counts.get(reason).increment();
  }

  void each(BiConsumer<String, LongSupplier> reader) {
    counts.forEach((reason, count) -> reader.accept(reason.word(), count::sum));
  }
}
