package dev.weft.wire;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** The standing ends of this node by interface id; read on every event loop, one look per batch. */
final class WireEnds {
  private final Map<Long, WireEnd> byId = new ConcurrentHashMap<>();
  private final LongAdder refused = new LongAdder();

  void add(WireEnd end) {
    byId.put(end.interfaceId(), end);
  }

  void remove(WireEnd end) {
    byId.remove(end.interfaceId(), end);
  }

  /** Null for an id that no end has. */
  WireEnd find(long interfaceId) {
    return byId.get(interfaceId);
  }

  /** Counts a frame for an id that is unknown or not the sender's to use. */
  void refuse() {
    refused.increment();
  }

  long refused() {
    return refused.sum();
  }
}
