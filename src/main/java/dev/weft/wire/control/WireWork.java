package dev.weft.wire.control;

import dev.weft.wire.WireState;
import io.vertx.core.Future;

/** The work on the wires of one kind, on the room's event loop. */
public interface WireWork {
  /** Takes the next steps of the wire's state; may be repeated at any time. */
  Future<Void> pass(Wire wire);

  /** Runs what begins passes of many wires, whose work has parts in common. */
  default void together(Runnable passes) {
    passes.run();
  }

  /**
   * The wire lost its end, its stream or its peer: asks for another pass, now or a little later.
   */
  default void again(Wire wire) {
    wire.kick();
  }

  /** The wire was published in another state. */
  default void reported(Wire wire, WireState before, WireState after) {}

  /** The wire has had an event, which may call for another carrier of its end. */
  default void changed(Wire wire) {}

  /** Gives back what the pass of a wire that was cut took away. */
  default Future<Void> mend(Wire wire) {
    return Future.succeededFuture();
  }

  /** An end left the data path. */
  default void removed(Wire wire, PodEnd end) {}
}
