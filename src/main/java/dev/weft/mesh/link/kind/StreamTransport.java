package dev.weft.mesh.link.kind;

import dev.weft.identity.NodeId;
import dev.weft.mesh.link.FrameLabel;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.Optional;

/**
 * Frames over a reliable byte stream, as {@link FrameCutter} has them. Frames for a slow reader
 * wait up to {@value #MAX_UNSENT} bytes, then they are dropped.
 */
final class StreamTransport implements Transport, ByteStream.Reader {
  /** Bytes that may wait for the kernel. */
  static final int MAX_UNSENT = 256 << 10;

  /** Frames are written together, as many as a TLS record holds. */
  private static final int BATCH = 16 << 10;

  private final FarEnd farEnd;
  private final ByteStream stream;
  private final ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
  private final FrameCutter cutter = new FrameCutter(allocator);
  private Receiver receiver;
  private ByteBuf batch;
  private String ended;
  private volatile long dropped;

  StreamTransport(FarEnd farEnd, ByteStream stream) {
    this.farEnd = farEnd;
    this.stream = stream;
  }

  @Override
  public String kind() {
    return farEnd.kind();
  }

  @Override
  public String remote() {
    return farEnd.remote();
  }

  @Override
  public String seenFrom() {
    return farEnd.seenFrom();
  }

  @Override
  public Optional<NodeId> proven() {
    return farEnd.proven();
  }

  @Override
  public String proof() {
    return farEnd.proof();
  }

  @Override
  public Loop loop() {
    return stream.loop();
  }

  @Override
  public long dropped() {
    return dropped;
  }

  @Override
  public void receive(Receiver to) {
    receiver = to;
    if (ended == null) {
      stream.read(this);
    } else {
      loop().netty().execute(() -> to.onClosed(ended));
    }
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    int tooLong = cutter.cut(bytes, receiver::onFrame);
    if (tooLong > 0) {
      end("a frame of " + tooLong + " bytes (expected: 1.." + FrameLabel.MAX_FRAME + ")");
    }
  }

  @Override
  public void onPause() {
    if (ended == null) {
      receiver.onIdle();
    }
  }

  @Override
  public void onEnd(String reason) {
    end(reason);
  }

  @Override
  public void send(ByteBuf frame) {
    try {
      int length = frame.readableBytes();
      int waiting = stream.unsent() + (batch == null ? 0 : batch.readableBytes());
      if (ended != null
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
  public void close(String reason) {
    if (loop().netty().inEventLoop()) {
      end(reason);
    } else {
      loop().netty().execute(() -> end(reason));
    }
  }

  private void end(String reason) {
    if (ended != null) {
      return;
    }
    flush();
    ended = reason;
    cutter.close();
    stream.close();
    if (receiver != null) {
      receiver.onClosed(reason);
    }
  }
}
