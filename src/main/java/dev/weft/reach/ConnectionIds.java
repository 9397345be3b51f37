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
 * In the ids of connections that {@link PeerPort} dials, the first two of the random bytes stand
 * for the protocol: its name comes only in the handshake, which belongs to a loop already.
 *
 * <p>A first datagram of somebody who dials carries an id of his own choice. It is taken for one of
 * ours once in 2^32 times; then he tries again with another.
 */
final class ConnectionIds {
  /** Bytes; short, since each datagram carries one. */
  static final int LENGTH = 12;

  static final int MAX_LOOPS = 128;

  /** The datagram is none of QUIC, or of a connection that does not exist. */
  static final int UNKNOWN = -1;

  /** A first datagram that tells no protocol. */
  static final int NO_PROTOCOL = -1;

  /** The datagram opens a connection. */
  static final int NEW = -2;

  private static final int PROTOCOL = 5;
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

  /**
   * The id of a connection that this side dials.
   *
   * @param protocol {@link #mark} of its name
   */
  byte[] dialled(int loop, int protocol) {
    byte[] id = dialled(loop);
    ByteBuffer.wrap(id).putShort(PROTOCOL, (short) protocol);
    return id;
  }

  /** What stands for a protocol in an id: 16 bits. */
  static int mark(String protocol) {
    return protocol.hashCode() & 0xffff;
  }

  /**
   * The protocol in the id that somebody who dials gave himself; {@link #NO_PROTOCOL} if that id
   * cannot be one of Weft's.
   *
   * @param datagram one that opens a connection
   */
  static int protocol(ByteBuf datagram) {
    int at = openerAt(datagram);
    return at < 0 ? NO_PROTOCOL : datagram.getUnsignedShort(at + PROTOCOL);
  }

  /** The loop on which somebody has dialled; 0 if his id tells none. */
  static int openersLoop(ByteBuf datagram) {
    int at = openerAt(datagram);
    return at < 0 ? 0 : loop(datagram.getUnsignedByte(at + 4));
  }

  private static int openerAt(ByteBuf datagram) {
    int length = datagram.readerIndex() + 6 + datagram.getUnsignedByte(datagram.readerIndex() + 5);
    boolean fits =
        datagram.writerIndex() > length + LENGTH && datagram.getUnsignedByte(length) == LENGTH;
    return fits ? length + 1 : -1;
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
