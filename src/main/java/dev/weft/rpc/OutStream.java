package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;

/**
 * A client-streaming call whose messages the caller frames itself. Nothing is queued: a stream that
 * is full says so. All calls are made on the stream's loop; all futures complete there.
 */
public interface OutStream {
  /** The stream's event loop. */
  Loop loop();

  /**
   * Writes a batch of whole messages, whose buffer the stream releases. An ended stream drops the
   * batch.
   *
   * @param drained runs once, on the loop, when a stream that was full takes more; never before
   *     this returns
   * @return false if the stream is full with this batch
   */
  boolean write(ByteBuf batch, Runnable drained);

  /** Bounds the bytes that are under way to the network and not sent yet; best effort. */
  void limitUnsent(int bytes);

  /** Ends the stream; done when the peer has taken everything, failed if it has not. */
  Future<Void> finish();

  /**
   * Done when a finished stream was taken whole; fails, with the peer's status, when the peer or
   * the connection ended it.
   */
  Future<Void> ended();
}
