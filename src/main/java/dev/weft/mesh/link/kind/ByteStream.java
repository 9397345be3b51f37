package dev.weft.mesh.link.kind;

import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;

/** Bytes both ways, for one event loop, on which every method is called. */
interface ByteStream {
  /** Takes what arrives. */
  interface Reader {
    /** The next bytes; the stream keeps the reference and releases it afterwards. */
    void onBytes(ByteBuf bytes);

    /** No further bytes are at hand. */
    void onPause();

    /** {@link ByteStream#unsent} is less than it was; told by slow streams. */
    default void onDrained() {}

    /** The stream has ended by itself, once. Not told after {@link #close}. */
    void onEnd(String reason);
  }

  Loop loop();

  /** Begins to read; what arrived before waits. Called once. */
  void read(Reader reader);

  /** Takes the reference; after the end the bytes are lost. */
  void write(ByteBuf bytes);

  /** Bytes that were written here and that the kernel has not taken. */
  int unsent();

  /** Ends the stream. What the kernel takes without waiting still goes. */
  void close();
}
