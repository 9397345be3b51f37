package dev.weft.reach;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.quic.QuicConnectionIdGenerator;
import java.nio.ByteBuffer;
import java.security.SecureRandom;

/**
 * The connection ids that a port gives out, and what they tell of a datagram (RFC 9000, 5.1, 17).
 *
 * <pre>
 *   mark of the port 4 | loop 1, its highest bit set if this side dialled | random 7
 * </pre>
 *
 * A first datagram of somebody who dials carries an id of his own choice. It is taken for one of
 * ours once in 2^32 times; then he tries again with another.
 */
final class ConnectionIds {
  /** Bytes; short, since each datagram carries one. */
  static final int LENGTH = 12;

  static final int MAX_LOOPS = 128;

  /** The datagram is none of QUIC, or of a connection that does not exist. */
  static final int UNKNOWN = -1;

  /** The datagram opens a connection. */
  static final int NEW = -2;

  private static final int DIALLED = 0x80;
  private static final int LONG_HEADER = 0x80;
  private static final int FIXED_BIT = 0x40;
  private static final int PACKET_TYPE = 0x30;
  // RFC 9000, 14.1: a server drops a first packet in a shorter datagram.
  private static final int MIN_FIRST = 1200;

  private final SecureRandom random = new SecureRandom();
  private final int mark = random.nextInt();

  private byte[] make(int loop) {
    byte[] id = new byte[LENGTH];
    random.nextBytes(id);
    ByteBuffer.wrap(id).putInt(mark).put((byte) loop);
    return id;
  }

  /** The id of a connection that this side dials. */
  byte[] dialled(int loop) {
    return make(loop | DIALLED);
  }

  /** Ids of connections that others dialled. */
  QuicConnectionIdGenerator accepted(int loop) {
    return new QuicConnectionIdGenerator() {
      @Override
      public ByteBuffer newId(int length) {
        if (length != LENGTH) {
          throw new IllegalArgumentException("length: " + length + " (expected: " + LENGTH + ")");
        }
        return ByteBuffer.wrap(make(loop));
      }

      @Override
      public ByteBuffer newId(ByteBuffer input, int length) {
        return newId(length);
      }

      @Override
      public int maxConnectionIdLength() {
        return LENGTH;
      }

      @Override
      public boolean isIdempotent() {
        return false;
      }
    };
  }

  /**
   * Whose a datagram is: {@link #NEW}, {@link #UNKNOWN}, or what {@link #loop} and {@link
   * #isDialled} read.
   */
  int owner(ByteBuf datagram) {
    int at = datagram.readerIndex();
    int length = datagram.readableBytes();
    int first = length == 0 ? 0 : datagram.getByte(at);
    if ((first & LONG_HEADER) == 0) {
      boolean whole = length > LENGTH && (first & FIXED_BIT) != 0;
      return whole ? ours(datagram, at + 1) : UNKNOWN;
    }
    if (length < 7) {
      return UNKNOWN;
    }
    int idLength = datagram.getUnsignedByte(at + 5);
    int owner = idLength == LENGTH && length > 6 + LENGTH ? ours(datagram, at + 6) : UNKNOWN;
    boolean opens =
        owner == UNKNOWN
            && length >= MIN_FIRST
            && datagram.getInt(at + 1) != 0
            && (first & PACKET_TYPE) == 0;
    return opens ? NEW : owner;
  }

  private int ours(ByteBuf datagram, int at) {
    return datagram.getInt(at) == mark ? datagram.getUnsignedByte(at + 4) : UNKNOWN;
  }

  static int loop(int owner) {
    return owner & ~DIALLED;
  }

  static boolean isDialled(int owner) {
    return owner >= 0 && (owner & DIALLED) != 0;
  }
}
