package dev.weft.dial;

import dev.weft.rpc.Loop;
import dev.weft.rpc.RpcConnection;
import io.vertx.core.Future;

/** A way to nodes of one kind. */
interface Way {
  /** What users call it: {@code direct}, {@code external} or {@code mesh}. */
  String kind();

  /**
   * How this way leads to a node now.
   *
   * @param problem why no better way does; null if there is none
   */
  default WayState state(String nodeId, String problem) {
    return new WayState(kind(), problem);
  }

  /** Whether this way may lead to the node now. */
  boolean leadsTo(String nodeId);

  /**
   * A new connection, whose other end has proved that it is that node. UNAVAILABLE says why the
   * node cannot be reached.
   */
  Future<? extends RpcConnection> connect(String nodeId, Loop on);
}
