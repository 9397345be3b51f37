package dev.weft.dial;

import dev.weft.rpc.Loop;
import dev.weft.rpc.RpcConnection;
import io.vertx.core.Future;

/** How nodes of one kind are reached. */
interface Way {
  /** Whether it leads to this node. */
  boolean leadsTo(String nodeId);

  /**
   * A new connection, whose other end has proved that it is that node. UNAVAILABLE says why the
   * node cannot be reached.
   */
  Future<? extends RpcConnection> connect(String nodeId, Loop on);
}
