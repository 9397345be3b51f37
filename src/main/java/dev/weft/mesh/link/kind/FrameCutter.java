package dev.weft.mesh.link.kind;

import dev.weft.mesh.link.FrameLabel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.function.Consumer;

/**
 * Cuts a byte stream into frames: before each stands its length less one, 16 bits, little-endian. A
 * frame that arrived whole is a slice of what was read; one that did not is put together in a
 * buffer of its own.
 */
final class FrameCutter {
  /** Bytes before a frame. */
  static final int HEADER = 2;

  private final ByteBufAllocator allocator;

  /** The beginning of a frame, its header included; null between frames. */
  private ByteBuf begun;

  private boolean closed;

  FrameCutter(ByteBufAllocator allocator) {
    this.allocator = allocator;
  }

  /**
   * Gives the frames that are complete with these bytes, and keeps the rest.
   *
   * @param frames borrows each; may call {@link #close}
   * @return 0, or the length of a frame that is too long: then the stream has no further frames
   */
  int cut(ByteBuf bytes, Consumer<ByteBuf> frames) {
    if (begun != null) {
      int tooLong = goOn(bytes, frames);
      if (tooLong > 0) {
        return tooLong;
      }
    }
    while (!closed && bytes.readableBytes() >= HEADER) {
      int length = length(bytes);
      if (length > FrameLabel.MAX_FRAME) {
        return length;
      }
      if (bytes.readableBytes() < HEADER + length) {
        break;
      }
      bytes.skipBytes(HEADER);
      give(bytes.readRetainedSlice(length), frames);
    }
    if (!closed && begun == null && bytes.isReadable()) {
      begun = allocator.directBuffer(HEADER + FrameLabel.MAX_FRAME);
      begun.writeBytes(bytes);
    }
    return 0;
  }

  private int goOn(ByteBuf bytes, Consumer<ByteBuf> frames) {
    fill(bytes, HEADER);
    if (begun.readableBytes() < HEADER) {
      return 0;
    }
    int length = length(begun);
    if (length > FrameLabel.MAX_FRAME) {
      return length;
    }
    fill(bytes, HEADER + length);
    if (begun.readableBytes() == HEADER + length) {
      ByteBuf whole = begun.skipBytes(HEADER);
      begun = null;
      give(whole, frames);
    }
    return 0;
  }

  private void fill(ByteBuf bytes, int target) {
    int missing = target - begun.readableBytes();
    if (missing > 0) {
      begun.writeBytes(bytes, Math.min(missing, bytes.readableBytes()));
    }
  }

  private static int length(ByteBuf at) {
    return at.getUnsignedShortLE(at.readerIndex()) + 1;
  }

  private static void give(ByteBuf frame, Consumer<ByteBuf> frames) {
    try {
      frames.accept(frame);
    } finally {
      frame.release();
    }
  }

  /** Gives no further frame, also from within {@link #cut}. */
  void close() {
    closed = true;
    if (begun != null) {
      begun.release();
      begun = null;
    }
  }
}
