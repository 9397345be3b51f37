package dev.weft.wire;

import dev.weft.linux.RecvRing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

/** Reads what a packet socket holds into one buffer of gRPC messages. */
final class BatchReader {
  private BatchReader() {}

  /** Null when the socket had nothing to give. */
  static ByteBuf read(WireEnd end, RecvRing ring, PacketWriter writer) {
    int frames = end.socket().receive(ring);
    if (frames <= 0) {
      return null;
    }
    int bytes = 0;
    int segments = 0;
    int dropped = 0;
    for (int i = 0; i < frames; i++) {
      if (ring.truncated(i)) {
        dropped++;
      } else {
        bytes += ring.length(i);
        segments += VnetHeader.segments(ring.vnetLow(i), ring.length(i));
      }
    }
    end.sent().carried(segments, bytes);
    end.sent().dropped(dropped);
    ByteBuf batch =
        PooledByteBufAllocator.DEFAULT.directBuffer(
            Math.max(1, bytes + frames * PacketWriter.overhead()));
    for (int i = 0; i < frames; i++) {
      if (!ring.truncated(i)) {
        writer.write(ring, i, batch);
      }
    }
    return batch;
  }
}
