package dev.weft.wire.control;

import dev.weft.wire.WireState;
import io.vertx.core.Future;

/** How wires of one sort come up; on the room's event loop. */
public interface WireWork {
  /** Looks at how far the wire came and does what is next; may be repeated at any time. */
  Future<Void> pass(Wire wire);

  /** Something of the wire went: another pass is due, now or a little later. */
  default void again(Wire wire) {
    wire.kick();
  }

  /** The wire is published in another state. */
  default void reported(Wire wire, WireState before, WireState after) {}

  /** An end left the data path. */
  default void removed(Wire wire, PodEnd end) {}
}
