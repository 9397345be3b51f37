package dev.weft.wire.path;

import io.vertx.core.Future;

/**
 * Moves frames from packet sockets to streams. Drivers differ in the thread that reads the socket.
 */
public interface Driver {
  /** Reads the end's socket into the stream until the handle is closed. */
  Handle attach(WireEnd end, FrameSink stream, Lane lane);

  /** Stops the reading; the socket stays open. */
  interface Handle {
    /** Completes when no thread uses the socket for reading any more. */
    Future<Void> close();
  }
}
