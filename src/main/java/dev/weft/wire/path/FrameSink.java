package dev.weft.wire.path;

import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;

/**
 * Where a wire's outgoing frames go, as long as its way to the peer stands. Written to on its
 * lane's event loop alone; when it is full it says so, and nothing is queued.
 */
public interface FrameSink {
  /** Makes its messages of frames. */
  PacketWriter writer();

  /**
   * Writes a batch of whole messages, which the sink then owns.
   *
   * @param drained runs when a sink that is full takes more, never before this returns
   * @return whether it takes more at once
   */
  boolean write(ByteBuf batch, Runnable drained);

  /** Completes or fails, with the peer's status, when it takes no more for good. */
  Future<Void> ended();

  /** Gives it up; null for a clean end. */
  void end(Throwable why);

  /** Ends it cleanly, as the peer sees it too. */
  void close();
}
