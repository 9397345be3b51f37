package dev.weft.api;

import io.vertx.core.Future;

/** What one node asks another about its health. */
public interface NodeHealth {
  Future<NodeStatus> status();
}
