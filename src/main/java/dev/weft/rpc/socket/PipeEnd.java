package dev.weft.rpc.socket;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/**
 * One end of bytes both ways, as a {@link SocketPump} uses it. The pump calls it on the socket's
 * event loop; the reader may be called on any.
 */
public interface PipeEnd {
  /** What the other end does, in its order. */
  interface Reader {
    void onBytes(Buffer bytes);

    /** The other end writes no more. */
    void onEnd();

    /**
     * The other end is gone.
     *
     * @param reason why bytes may be missing; empty if it simply reads no more
     */
    void onClosed(String reason);
  }

  /** Begins to read. */
  void read(Reader reader);

  /** Reads no more for now. */
  void pause();

  void resume();

  void write(Buffer bytes);

  /** Whether more bytes than necessary wait for a slow reader at the other end. */
  boolean isFull();

  /** Runs work once, when this end is not full any more. */
  void onDrained(Runnable work);

  /** Writes no more; done when the other end will learn it. */
  Future<Void> end();

  /**
   * Lets go of this end.
   *
   * @param reason what the other end is told; empty if both directions have ended
   */
  void close(String reason);
}
