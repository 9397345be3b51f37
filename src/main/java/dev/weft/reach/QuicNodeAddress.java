package dev.weft.reach;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * Node ids as QUIC's codec wants them: addresses of a private IPv6 prefix (RFC 4193), which no
 * datagram ever bears.
 */
final class QuicNodeAddress {
  private static final long PREFIX = 0xfd77_6566_7400_0000L;
  private static final int PORT = 1;

  private QuicNodeAddress() {}

  static InetSocketAddress of(long node) {
    byte[] address = ByteBuffer.allocate(16).putLong(PREFIX).putLong(node).array();
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), PORT);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("16 bytes are an address", e);
    }
  }

  static long node(InetSocketAddress address) {
    return ByteBuffer.wrap(address.getAddress().getAddress()).getLong(Long.BYTES);
  }
}
