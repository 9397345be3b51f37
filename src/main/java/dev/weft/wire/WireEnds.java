package dev.weft.wire;

import dev.weft.rpc.Caller;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** The standing ends of this node by interface id; read on every event loop, one look per batch. */
final class WireEnds {
  private final Map<Long, WireEnd> byId = new ConcurrentHashMap<>();
  private final Map<Alias, WireEnd> byAlias = new ConcurrentHashMap<>();
  private final LongAdder refused = new LongAdder();

  /** An id that holds for one peer alone, known by its address. */
  private record Alias(String address, long id) {}

  void add(WireEnd end) {
    byId.put(end.interfaceId(), end);
  }

  void remove(WireEnd end) {
    byId.remove(end.interfaceId(), end);
    byAlias.values().removeIf(end::equals);
  }

  /** Lets the peer at that address use another id too: the one by which it was told of the end. */
  void alias(WireEnd end, PeerAddress peer, long id) {
    byAlias.put(new Alias(peer.text(), id), end);
  }

  /** Null for an id that no end has, as far as that caller may know. */
  WireEnd find(long interfaceId, Caller caller) {
    WireEnd end = byId.get(interfaceId);
    return end != null || byAlias.isEmpty()
        ? end
        : byAlias.get(new Alias(PeerAddress.of(caller).text(), interfaceId));
  }

  /** Counts a frame for an id that is unknown or not the sender's to use. */
  void refuse() {
    refused.increment();
  }

  long refused() {
    return refused.sum();
  }
}
