package dev.weft.mesh.peer;

import dev.weft.mesh.stream.PeerStream;

/** Reads stream 0, with which its connection ends. */
interface ControlStream extends PeerStream.Reader {
  PeerConnection connection();

  @Override
  default void onEnd() {
    connection().close("stream 0: ended (expected: open as long as the connection)");
  }

  @Override
  default void onReset(String reason) {
    connection().close("stream 0: " + reason);
  }
}
