package dev.weft.wire.path;

import dev.weft.linux.LinuxException;
import dev.weft.linux.RecvRing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

/**
 * Reads frames from a wire's packet socket into buffers of gRPC messages. A batch is at most what
 * the connection carries in a few milliseconds. For one thread.
 */
final class BatchReader {
  /** Frames read at once; a ring's memory is shared by all wires of a thread. */
  private static final int SLOTS = 64;

  /** The longest super-frames with their tags. */
  private static final int SLOT_BYTES = 128 << 10;

  private final WireEnd end;
  private final FrameSink stream;
  private final Pace pace = new Pace(SLOTS);
  private int buffer = Pace.MOST_BUFFER;

  /** When the last batch was read. */
  private long readAt;

  BatchReader(WireEnd end, FrameSink stream) {
    this.end = end;
    this.stream = stream;
  }

  static RecvRing ring() {
    return new RecvRing(SLOTS, SLOT_BYTES);
  }

  /**
   * Reads a batch; null if the socket has no frame.
   *
   * @throws LinuxException ENETDOWN when the link went down or was deleted
   */
  ByteBuf read(RecvRing ring) throws LinuxException {
    int asked = pace.frames();
    int frames = end.socket().receive(ring, asked);
    if (frames <= 0) {
      pace.emptied();
      return null;
    }
    int room = 1;
    for (int i = 0; i < frames; i++) {
      room += ring.truncated(i) ? 0 : stream.writer().room(ring, i);
    }
    ByteBuf batch = PooledByteBufAllocator.DEFAULT.directBuffer(room);
    int bytes = 0;
    int carried = 0;
    int tooLong = 0;
    int refused = 0;
    int malformed = 0;
    for (int i = 0; i < frames; ) {
      boolean whole = !ring.truncated(i);
      boolean goes = whole && end.sends(ring, i);
      // A run's frames have the same addresses.
      int run = goes ? stream.writer().run(ring, i, frames) : 1;
      if (run > 1) {
        bytes += stream.writer().writeRun(ring, i, batch);
        carried += run;
      } else {
        int written = goes ? stream.writer().write(ring, i, batch) : 0;
        carried += written;
        bytes += written == 0 ? 0 : ring.length(i);
        tooLong += whole ? 0 : 1;
        refused += whole && !goes ? 1 : 0;
        malformed += goes && written == 0 ? 1 : 0;
      }
      i += run;
    }
    end.sent().carried(carried, bytes);
    end.sent().dropped(DropCause.TOO_LONG, tooLong);
    end.sent().dropped(DropCause.REFUSED, refused);
    end.sent().dropped(DropCause.MALFORMED, malformed);
    readAt = System.nanoTime();
    pace.sent(readAt, frames, bytes);
    if (frames < asked) {
      pace.emptied();
    }
    return batch;
  }

  /** The stream accepted the last batch and has room for more. */
  void flowed() throws LinuxException {
    adapt();
  }

  /** The stream was full with the last batch, and it is its turn again. */
  void drained() throws LinuxException {
    long now = System.nanoTime();
    end.sent().waited(now - readAt);
    pace.drained(now);
    adapt();
  }

  private void adapt() throws LinuxException {
    int wanted = pace.buffer();
    if (Math.abs(wanted - buffer) > buffer / 4) {
      buffer = wanted;
      // The kernel doubles the value (socket(7)).
      end.socket().receiveBuffer(wanted / 2);
    }
  }
}
