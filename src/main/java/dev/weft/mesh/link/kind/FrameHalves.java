package dev.weft.mesh.link.kind;

import dev.weft.mesh.link.FrameLabel;
import io.netty.buffer.ByteBuf;

/**
 * Puts frames together that crossed as two datagrams. Few are under way at a time: a newer frame
 * takes the place of one whose other half does not come.
 */
final class FrameHalves {
  private static final int PLACES = 8;

  private final int[] ids = new int[PLACES];
  private final boolean[] isFirst = new boolean[PLACES];
  private final ByteBuf[] waiting = new ByteBuf[PLACES];

  /**
   * Takes a half.
   *
   * @param bytes borrowed
   * @return the frame if the other half was here, to be released; else null
   */
  ByteBuf add(int id, boolean first, ByteBuf bytes, int length) {
    int place = id % PLACES;
    ByteBuf other = waiting[place];
    boolean fits =
        other != null
            && ids[place] == id
            && isFirst[place] != first
            && other.readableBytes() + length <= FrameLabel.MAX_FRAME;
    if (!fits) {
      forget(place);
      waiting[place] = bytes.retainedSlice(bytes.readerIndex(), length);
      ids[place] = id;
      isFirst[place] = first;
      return null;
    }
    ByteBuf frame = other.alloc().directBuffer(FrameLabel.MAX_FRAME, FrameLabel.MAX_FRAME);
    if (first) {
      frame.writeBytes(bytes, bytes.readerIndex(), length).writeBytes(other);
    } else {
      frame.writeBytes(other).writeBytes(bytes, bytes.readerIndex(), length);
    }
    forget(place);
    return frame;
  }

  private void forget(int place) {
    if (waiting[place] != null) {
      waiting[place].release();
      waiting[place] = null;
    }
  }

  void close() {
    for (int place = 0; place < PLACES; place++) {
      forget(place);
    }
  }
}
