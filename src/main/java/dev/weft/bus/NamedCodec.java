package dev.weft.bus;

import io.vertx.core.eventbus.MessageCodec;

/** A codec that passes messages by reference within a node. */
abstract class NamedCodec<T> implements MessageCodec<T, T> {
  private final String name;

  NamedCodec(String name) {
    this.name = name;
  }

  @Override
  public final T transform(T message) {
    return message;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final byte systemCodecID() {
    return -1;
  }
}
