package dev.weft.proxy.utp.machine;

import java.nio.ByteBuffer;

/** What a connection tells its user, in this order; from within calls of its methods. */
public interface UtpUser {
  /** The other end has answered; of a connection that was accepted, never. */
  void onConnected();

  /**
   * Bytes have arrived.
   *
   * @param bytes to be used before this returns; {@link UtpConnection#read} is told when they have
   *     really been taken
   */
  void onBytes(ByteBuffer bytes);

  /** The other end writes no more. */
  void onEnd();

  /** {@link UtpConnection#write} takes bytes again. */
  void onWritable();

  /** The connection is over. */
  void onClosed(UtpEnding ending);
}
