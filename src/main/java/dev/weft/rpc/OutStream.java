package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;

/**
 * A client-streaming call whose messages the caller frames itself. Nothing is queued: a stream that
 * is full says so. All calls are made on the stream's loop; all futures complete there.
 */
public interface OutStream {
  /** Where the stream lives. */
  Loop loop();

  /**
   * Writes a batch of whole messages, which the stream then owns. A batch that is written to an
   * ended stream is dropped.
   *
   * @param drained runs once, on the loop, when a stream that was full takes more; never before
   *     this returns
   * @return false if the stream is full with this batch
   */
  boolean write(ByteBuf batch, Runnable drained);

  /** Bounds what is taken from the stream before it is sent, in bytes; best effort. */
  void limitUnsent(int bytes);

  /** Writes no more; done when the peer has taken everything, failed if it has not. */
  Future<Void> finish();

  /**
   * Done when a finished stream was taken whole; fails, with the peer's status, when the peer or
   * the connection ended it.
   */
  Future<Void> ended();
}
