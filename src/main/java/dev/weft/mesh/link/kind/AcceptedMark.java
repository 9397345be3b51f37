package dev.weft.mesh.link.kind;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;

/**
 * An empty buffer that stands behind each datagram in the channel's queue and counts those that
 * QUIC took. When QUIC's own queue is full, Netty drops the rest without a word, and without a look
 * at it; all others it asks for their length.
 */
final class AcceptedMark extends UnpooledDirectByteBuf {
  private int seen;

  AcceptedMark() {
    super(UnpooledByteBufAllocator.DEFAULT, 0, 0);
  }

  void begin() {
    seen = 0;
  }

  int seen() {
    return seen;
  }

  @Override
  public int readableBytes() {
    seen++;
    return 0;
  }
}
