package dev.weft.subnet.tunnel;

import dev.weft.address.Cidr;
import java.nio.ByteBuffer;

/**
 * Compares addresses in packets with a prefix, without an object per packet. Addresses are their
 * first and last eight bytes; IPv4's four are the first ones.
 */
record AddressMatch(boolean four, long first, long last, long firstMask, long lastMask) {
  static AddressMatch of(Cidr prefix) {
    byte[] address = prefix.network().address().getAddress();
    ByteBuffer bytes = ByteBuffer.allocate(16).put(address).clear();
    int length = prefix.prefixLength();
    return new AddressMatch(
        address.length == 4,
        bytes.getLong(0),
        bytes.getLong(8),
        mask(length),
        mask(length - Long.SIZE));
  }

  /** A mask of that many leading ones, 0..64 of them. */
  private static long mask(int ones) {
    return ones <= 0 ? 0 : -1L << (Long.SIZE - Math.min(ones, Long.SIZE));
  }

  /** Whether the address at an index of a packet is in the prefix. */
  boolean matches(ByteBuffer packet, int at) {
    return four
        ? ((long) packet.getInt(at) << Integer.SIZE & firstMask) == first
        : (packet.getLong(at) & firstMask) == first && (packet.getLong(at + 8) & lastMask) == last;
  }
}
