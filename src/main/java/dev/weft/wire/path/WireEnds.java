package dev.weft.wire.path;

import dev.weft.rpc.Caller;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** The ends on this node by interface id; every event loop looks here, once per batch. */
public final class WireEnds {
  private final Map<Long, WireEnd> byId = new ConcurrentHashMap<>();
  private final Map<Long, List<WireEnd>> byAlias = new ConcurrentHashMap<>();
  private final LongAdder refused = new LongAdder();

  public void add(WireEnd end) {
    byId.put(end.interfaceId(), end);
  }

  public void remove(WireEnd end) {
    byId.remove(end.interfaceId(), end);
    byAlias.replaceAll((alias, ends) -> ends.stream().filter(other -> !other.equals(end)).toList());
    byAlias.values().removeIf(List::isEmpty);
  }

  /**
   * Lets the end's own peer use another id too, which the peer learned from a plugin. Ends of other
   * peers may have the same alias.
   */
  public void alias(WireEnd end, long id) {
    byAlias.merge(
        id, List.of(end), (ends, added) -> Stream.concat(added.stream(), ends.stream()).toList());
  }

  /** The end with that id, or with that alias for the caller; null if there is none. */
  WireEnd find(long interfaceId, Caller caller) {
    WireEnd end = byId.get(interfaceId);
    return end != null || byAlias.isEmpty()
        ? end
        : byAlias.getOrDefault(interfaceId, List.of()).stream()
            .filter(aliased -> aliased.isPeer(caller))
            .findFirst()
            .orElse(null);
  }

  /** Counts a frame for an id that is unknown or not the sender's to use. */
  void refuse() {
    refused.increment();
  }

  public long refused() {
    return refused.sum();
  }
}
