package dev.weft.mesh.stream;

import io.vertx.core.Future;

/** What transfers need of this node's peers; on the mesh's loop. */
public interface StreamPeers {
  long self();

  /**
   * Opens a stream to a node and tells it that this is the one of a transfer ({@code
   * open_transfer}). Fails if there is no way to the node, or it takes no such transfer. It need
   * not wait for the answer: what is written before it is lost with the stream if the answer is no.
   *
   * @param key 16 bytes
   */
  Future<PeerStream> openTransfer(long node, byte[] key);
}
