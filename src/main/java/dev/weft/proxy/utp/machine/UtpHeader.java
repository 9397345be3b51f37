package dev.weft.proxy.utp.machine;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Optional;

/**
 * What stands before a packet's payload.
 *
 * @param id by which the receiver knows the connection
 * @param timestamp microseconds, 32 bits, when it was sent; 0 for none
 * @param difference microseconds, 32 bits, from the timestamp of the last packet that the sender
 *     got until then, by two clocks; 0 for none
 * @param window bytes that the sender can take beyond those it acknowledges, 32 bits
 * @param seq sequence number, 16 bits; of a STATE, that of the next packet
 * @param ack the last sequence number up to which nothing is missing, 16 bits
 * @param later which later packets are there: bit 0 is ack + 2
 */
public record UtpHeader(
    UtpType type,
    int id,
    long timestamp,
    long difference,
    long window,
    int seq,
    int ack,
    BitSet later) {
  /** Bytes without extensions. */
  public static final int LENGTH = 20;

  /** Bytes of the longest mask that is sent: 512 packets. A multiple of 4. */
  static final int LONGEST_MASK = 64;

  /** Bytes of the longest header that is sent. */
  static final int LONGEST = LENGTH + 2 + LONGEST_MASK;

  static final BitSet NONE = new BitSet();

  private static final int VERSION = 1;
  private static final int SELECTIVE_ACK = 1;

  /** Libutp's, of 8 bytes, in which no bit means anything. */
  private static final int EXTENSION_BITS = 2;

  private static final int EXTENSION_BITS_LENGTH = 8;

  /** Known to nobody, and so skipped; but libutp takes none such for the first. */
  private static final int PADDING = 0x77;

  /**
   * Reads a header, and leaves the buffer at the payload. Extensions that are not known are
   * skipped.
   *
   * @param datagram big-endian
   * @return empty for what is no uTP packet of version 1
   */
  public static Optional<UtpHeader> read(ByteBuffer datagram) {
    if (datagram.remaining() < LENGTH) {
      return Optional.empty();
    }
    int first = datagram.get();
    Optional<UtpType> type = UtpType.of((first & 0xf0) >> 4);
    if ((first & 0xf) != VERSION || type.isEmpty()) {
      return Optional.empty();
    }
    int extension = datagram.get();
    int id = datagram.getShort() & 0xffff;
    long timestamp = datagram.getInt() & 0xffffffffL;
    long difference = datagram.getInt() & 0xffffffffL;
    long window = datagram.getInt() & 0xffffffffL;
    int seq = datagram.getShort() & 0xffff;
    int ack = datagram.getShort() & 0xffff;
    BitSet later = NONE;
    while (extension != 0) {
      if (datagram.remaining() < 2) {
        return Optional.empty();
      }
      int next = datagram.get();
      int length = datagram.get() & 0xff;
      if (datagram.remaining() < length) {
        return Optional.empty();
      }
      if (extension == SELECTIVE_ACK) {
        later = BitSet.valueOf(datagram.slice(datagram.position(), length));
      }
      datagram.position(datagram.position() + length);
      extension = next;
    }
    return Optional.of(
        new UtpHeader(type.get(), id, timestamp, difference, window, seq, ack, later));
  }

  /**
   * Writes it.
   *
   * @param to from 0
   * @return bytes that were written
   */
  int write(byte[] to) {
    byte[] mask = later.toByteArray();
    put(to, 0, type.number << 4 | VERSION, 1);
    put(to, 1, mask.length == 0 ? 0 : SELECTIVE_ACK, 1);
    put(to, 2, id, 2);
    put(to, 4, timestamp, 4);
    put(to, 8, difference, 4);
    put(to, 12, window, 4);
    put(to, 16, seq, 2);
    put(to, 18, ack, 2);
    if (mask.length == 0) {
      return LENGTH;
    }
    int length = Math.min(LONGEST_MASK, (mask.length + 3) & ~3);
    put(to, LENGTH, 0, 1);
    put(to, LENGTH + 1, length, 1);
    for (int i = 0; i < length; i++) {
      to[LENGTH + 2 + i] = i < mask.length ? mask[i] : 0;
    }
    return LENGTH + 2 + length;
  }

  /**
   * The same packet with extensions that say nothing.
   *
   * @param packet without extensions
   * @param padding bytes, 12..267
   */
  static byte[] padded(byte[] packet, int length, int padding) {
    byte[] padded = new byte[length + padding];
    System.arraycopy(packet, 0, padded, 0, LENGTH);
    put(padded, 1, EXTENSION_BITS, 1);
    put(padded, LENGTH, PADDING, 1);
    put(padded, LENGTH + 1, EXTENSION_BITS_LENGTH, 1);
    int second = LENGTH + 2 + EXTENSION_BITS_LENGTH;
    put(padded, second, 0, 1);
    put(padded, second + 1, padding - EXTENSION_BITS_LENGTH - 4L, 1);
    System.arraycopy(packet, LENGTH, padded, LENGTH + padding, length - LENGTH);
    return padded;
  }

  private static void put(byte[] to, int at, long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      to[at + i] = (byte) (value >> (8 * (bytes - 1 - i)));
    }
  }

  /** Whether the other end answers this packet. */
  public static boolean isAnswered(byte[] packet) {
    int type = packet[0] >> 4;
    return type != UtpType.STATE.number && type != UtpType.RESET.number;
  }

  /** The header of a RESET that answers a packet of no connection. */
  public byte[] refusal() {
    byte[] reset = new byte[LENGTH];
    new UtpHeader(UtpType.RESET, id, 0, 0, 0, 0, seq, NONE).write(reset);
    return reset;
  }
}
