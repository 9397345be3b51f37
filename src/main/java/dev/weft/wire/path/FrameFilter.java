package dev.weft.wire.path;

import java.nio.ByteBuffer;

/** Decides which frames an end lets pass. Any event loop may ask. */
public interface FrameFilter {
  /**
   * Whether a frame may go to the peer.
   *
   * @param frame from its position to its limit, which stay as they are
   */
  boolean sends(ByteBuffer frame);

  /** Whether a frame of the peer's may come in; as {@link #sends}. */
  boolean takes(ByteBuffer frame);
}
