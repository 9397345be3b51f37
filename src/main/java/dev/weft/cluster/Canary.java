package dev.weft.cluster;

import dev.weft.bus.ForMembers;
import io.vertx.core.Future;

/** A question that every member answers, to see that the event bus reaches it. */
public interface Canary {
  /** Answers with the node id of the one asked. */
  @ForMembers
  Future<String> sing();
}
