package dev.weft.mesh.stream;

import io.netty.buffer.ByteBuf;

/**
 * A reliable stream of bytes to another node, one way or both. All calls are made, and all that it
 * tells is told, on the mesh's loop.
 */
public interface PeerStream {
  /** Its number in its connection. */
  long id();

  /** The connection that it belongs to, whose streams are named on it. */
  StreamConnection connection();

  /**
   * Sends bytes, whose buffer the stream takes. What is written after {@link #finish} or to a
   * stream that is gone is released.
   *
   * @return false if the stream is full with these; {@link Reader#onWritable} tells when it is not
   *     any more
   */
  boolean write(ByteBuf bytes);

  /** No more is written: the other end reads to here. */
  void finish();

  /** Ends both directions at once; the other end is told that the stream was broken off. */
  void reset();

  /**
   * Hands what arrives to a reader, from the first byte that no reader has had. A stream that only
   * this node writes has a reader too, which is told the rest.
   */
  void read(Reader reader);

  /**
   * Stops reading, and with it the sender, until {@link #resume}; a stream without reader too,
   * which then reads nothing when it gets one.
   */
  void pause();

  void resume();

  /** What a stream tells. */
  interface Reader {
    /**
     * Bytes have arrived.
     *
     * @param bytes borrowed
     */
    void onBytes(ByteBuf bytes);

    /** The other end has finished. */
    void onEnd();

    /**
     * The stream was broken off by the other end, of which a paused one may learn later, or with
     * its connection. Nothing more is told.
     */
    void onReset(String reason);

    /** A stream that was full takes more. */
    default void onWritable() {}
  }
}
