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
    int room = 1;
    for (int i = 0; i < frames; i++) {
      room += ring.truncated(i) ? 0 : writer.room(ring, i);
    }
    ByteBuf batch = PooledByteBufAllocator.DEFAULT.directBuffer(room);
    int bytes = 0;
    int carried = 0;
    int dropped = 0;
    for (int i = 0; i < frames; i++) {
      int written = ring.truncated(i) ? 0 : writer.write(ring, i, batch);
      carried += written;
      bytes += written == 0 ? 0 : ring.length(i);
      dropped += written == 0 ? 1 : 0;
    }
    end.sent().carried(carried, bytes);
    end.sent().dropped(dropped);
    return batch;
  }
}
