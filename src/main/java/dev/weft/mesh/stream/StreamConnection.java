package dev.weft.mesh.stream;

import io.vertx.core.Future;

/** A connection to another node as proxied streams see it; on the mesh's loop. */
public interface StreamConnection {
  /** The other node. */
  long node();

  /** Whether this node dialled. It decides who names a transfer that both ends begin at once. */
  boolean dialled();

  /** Opens a stream in both directions. */
  PeerStream open();

  /** Opens a stream that only this node writes. */
  PeerStream openOneWay();

  /**
   * A stream that the other end has opened, or of which it has told and that is about to arrive.
   * Each is asked for once; fails if it does not arrive, or with the connection. Whoever asked and
   * needs it no more resets it when it has arrived.
   */
  Future<PeerStream> accepted(long id);
}
