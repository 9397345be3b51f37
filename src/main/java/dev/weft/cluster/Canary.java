package dev.weft.cluster;

import dev.weft.bus.ForMembers;
import io.vertx.core.Future;

/** A question that every member answers, to see that the event bus reaches it. */
public interface Canary {
  /** The id of the node that answers. */
  @ForMembers
  Future<String> sing();
}
