package dev.weft.wire;

import io.vertx.core.Context;

/** Moves frames from packet sockets to streams. Drivers differ in whose thread reads the socket. */
interface Driver {
  /** Reads the end's socket into the stream until the handle is closed. */
  Handle attach(WireEnd end, WireStream stream, Context loop);

  /** Stops the reading; the socket stays open. */
  interface Handle {
    void close();
  }
}
