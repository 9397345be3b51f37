package dev.weft.wire;

import dev.weft.bus.ForMembers;
import io.vertx.core.Future;
import java.util.List;

/** The contract of room {@code wire}. Every call is idempotent. */
public interface Wires {
  /**
   * Adds or changes a wire; completes once the intent is on disk. The wire comes up by itself as
   * soon as both ends can be joined.
   */
  Future<WireStatus> put(WireSpec spec);

  /** Removes a wire, its intent and its links. Succeeds for an unknown id. */
  Future<Void> remove(String id);

  /** The wires of this node, by id. */
  @ForMembers
  Future<List<WireStatus>> list();

  /** The wire with that id; NOT_FOUND if this node has none. */
  @ForMembers
  Future<WireStatus> get(String id);
}
