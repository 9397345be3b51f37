package dev.weft.bus;

import io.vertx.core.buffer.Buffer;

/** Passes an immutable object by reference; it never leaves the node. */
final class ReferenceCodec<T> extends NamedCodec<T> {
  ReferenceCodec(String name) {
    super(name);
  }

  @Override
  public void encodeToWire(Buffer buffer, T message) {
    throw new UnsupportedOperationException(name() + " stays within a node");
  }

  @Override
  public T decodeFromWire(int position, Buffer buffer) {
    throw new UnsupportedOperationException(name() + " stays within a node");
  }
}
