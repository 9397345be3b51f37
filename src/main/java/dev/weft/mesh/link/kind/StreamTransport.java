package dev.weft.mesh.link.kind;

import dev.weft.mesh.link.FrameLabel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;

/**
 * Frames over a reliable byte stream, as {@link FrameCutter} has them. Frames for a slow reader
 * wait up to {@value #MAX_UNSENT} bytes, then they are dropped.
 */
final class StreamTransport extends ByteStreamTransport {
  /** Bytes that may wait for the kernel. */
  static final int MAX_UNSENT = 256 << 10;

  /** Frames are written together, as many as a TLS record holds. */
  private static final int BATCH = 16 << 10;

  private final ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
  private final FrameCutter cutter = new FrameCutter(allocator);
  private ByteBuf batch;
  private volatile long dropped;

  StreamTransport(FarEnd farEnd, ByteStream stream) {
    super(farEnd, stream);
  }

  @Override
  public long dropped() {
    return dropped;
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    int tooLong;
    try {
      tooLong = cutter.cut(bytes, receiver()::onFrame);
    } catch (RuntimeException e) {
      // A defect: what was read is lost, and with it where frames begin.
      end("cannot go on: " + e);
      throw e;
    }
    if (tooLong > 0) {
      end("a frame of " + tooLong + " bytes (expected: 1.." + FrameLabel.MAX_FRAME + ")");
    }
  }

  @Override
  public void onPause() {
    if (stands()) {
      receiver().onIdle();
    }
  }

  @Override
  public void send(ByteBuf frame) {
    try {
      int length = frame.readableBytes();
      int waiting = stream.unsent() + (batch == null ? 0 : batch.readableBytes());
      if (!stands()
          || length < 1
          || length > FrameLabel.MAX_FRAME
          || waiting + FrameCutter.HEADER + length > MAX_UNSENT) {
        drop();
        return;
      }
      if (batch != null && batch.readableBytes() + FrameCutter.HEADER + length > BATCH) {
        flush();
      }
      if (batch == null) {
        batch = allocator.directBuffer(BATCH, BATCH);
      }
      batch.writeShortLE(length - 1).writeBytes(frame, frame.readerIndex(), length);
    } finally {
      frame.release();
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written on the loop alone
  private void drop() {
    dropped++;
  }

  @Override
  public void flush() {
    if (batch != null) {
      ByteBuf full = batch;
      batch = null;
      stream.write(full);
    }
  }

  @Override
  void release() {
    flush();
    cutter.close();
  }
}
