package dev.weft.api;

import dev.weft.bus.ForMembers;
import io.vertx.core.Future;

/** What one node asks another about its health. */
public interface NodeHealth {
  @ForMembers
  Future<NodeStatus> status();
}
