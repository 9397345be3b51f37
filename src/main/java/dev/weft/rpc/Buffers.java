package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;

/** Between the buffers of Netty, which are counted, and those of Vert.x, which are not. */
public final class Buffers {
  private Buffers() {}

  /** A copy of the readable bytes, on the heap. */
  public static Buffer copy(ByteBuf bytes) {
    byte[] copy = new byte[bytes.readableBytes()];
    bytes.getBytes(bytes.readerIndex(), copy);
    return of(copy);
  }

  /** A buffer over these bytes. */
  public static Buffer of(byte[] bytes) {
    return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes));
  }

  /** A buffer's bytes, not copied; nobody has to release them. */
  public static ByteBuf view(Buffer buffer) {
    return ((BufferInternal) buffer).getByteBuf();
  }
}
