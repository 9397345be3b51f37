package dev.weft.wire;

import dev.weft.bus.ForMembers;
import io.vertx.core.Future;
import java.util.List;

/** What can be asked of the wire room. Every call is idempotent. */
public interface Wires {
  /**
   * Accepts what a wire should be; done once the intent is on disk. The wire then comes up by
   * itself as soon as both ends can be joined.
   */
  Future<WireStatus> put(WireSpec spec);

  /** Forgets the intent and removes what was made for it. An unknown id is success. */
  Future<Void> remove(String id);

  /** The wires of this node, by id. */
  @ForMembers
  Future<List<WireStatus>> list();

  /** NOT_FOUND for an id that this node has no wire of. */
  @ForMembers
  Future<WireStatus> get(String id);
}
