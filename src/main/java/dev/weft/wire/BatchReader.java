package dev.weft.wire;

import dev.weft.linux.LinuxException;
import dev.weft.linux.RecvRing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

/** Reads what a packet socket holds into one buffer of gRPC messages. */
final class BatchReader {
  private BatchReader() {}

  /** A ring for the frames of all wires of one thread: super-frames of 64 KiB with their tags. */
  static RecvRing ring() {
    return new RecvRing(64, 66 << 10);
  }

  /**
   * Null when the socket had nothing to give.
   *
   * @throws LinuxException ENETDOWN when the link went down or was deleted
   */
  static ByteBuf read(WireEnd end, RecvRing ring, PacketWriter writer) throws LinuxException {
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
        segments += VnetCheck.segments(ring.vnetWord(i), ring.length(i));
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
