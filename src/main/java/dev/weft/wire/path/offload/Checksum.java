package dev.weft.wire.path.offload;

import java.nio.ByteBuffer;

/** The Internet checksum (RFC 1071), over buffers in big-endian order. */
public final class Checksum {
  private Checksum() {}

  /**
   * Adds the 16-bit words of a range to a sum; an odd last byte counts as if a zero followed.
   *
   * @param sum of what comes before the range, an even number of bytes
   */
  static long add(long sum, ByteBuffer bytes, int from, int to) {
    long total = sum;
    int at = from;
    for (; at + 8 <= to; at += 8) {
      long word = bytes.getLong(at);
      total += (word >>> 32) + (word & 0xffffffffL);
    }
    for (; at + 2 <= to; at += 2) {
      total += bytes.getShort(at) & 0xffff;
    }
    return at < to ? total + ((bytes.get(at) & 0xff) << 8) : total;
  }

  /** The ones' complement sum in 16 bits. */
  static int fold(long sum) {
    long folded = (sum & 0xffffffffL) + (sum >>> 32);
    folded = (folded & 0xffffffffL) + (folded >>> 32);
    folded = (folded & 0xffff) + (folded >>> 16);
    folded = (folded & 0xffff) + (folded >>> 16);
    return (int) folded;
  }

  /** What stands in an IPv4 header for its sum; never 0xffff. */
  static short ofHeader(long sum) {
    return (short) ~fold(sum);
  }

  /** What stands in a transport's field for a sum; never 0, which for UDP would say "none". */
  static short field(long sum) {
    short value = ofHeader(sum);
    return value == 0 ? (short) 0xffff : value;
  }

  /**
   * Finishes a checksum whose field holds the sum of the pseudo header, as CHECKSUM_PARTIAL means.
   *
   * @param start index of the first byte that it covers
   * @param field index of the checksum
   * @param end index after the last byte that it covers
   */
  static void finish(ByteBuffer frame, int start, int field, int end) {
    frame.putShort(field, field(add(0, frame, start, end)));
  }
}
