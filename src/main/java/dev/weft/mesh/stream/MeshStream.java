package dev.weft.mesh.stream;

import io.vertx.core.Handler;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.util.function.Function;

/**
 * One end of what is read and written in order. What is not read waits; {@link #writeQueueFull}
 * says when too much does.
 */
public abstract sealed class MeshStream<T> extends MeshObject
    implements ReadStream<T>, WriteStream<T> permits MeshChannel, MeshSocket {
  private final Intake<T> intake;
  private Handler<Void> drained;

  MeshStream(End end, Function<ChannelMessage, T> content) {
    super(end);
    intake = new Intake<>(content);
  }

  /** Whether the program has been given all that there was to read, and its end. */
  final boolean readToTheEnd() {
    return intake.ended();
  }

  /** Has no effect: how much may wait is fixed. */
  @Override
  public final MeshStream<T> setWriteQueueMaxSize(int maxSize) {
    return this;
  }

  @Override
  public final boolean writeQueueFull() {
    return full();
  }

  @Override
  public final MeshStream<T> drainHandler(Handler<Void> handler) {
    drained = handler;
    return this;
  }

  @Override
  public final MeshStream<T> exceptionHandler(Handler<Throwable> handler) {
    intake.exceptionHandler(handler);
    look();
    return this;
  }

  @Override
  public final MeshStream<T> handler(Handler<T> handler) {
    intake.handler(handler);
    look();
    return this;
  }

  @Override
  public final MeshStream<T> pause() {
    intake.pause();
    return this;
  }

  @Override
  public final MeshStream<T> resume() {
    return fetch(Long.MAX_VALUE);
  }

  @Override
  public final MeshStream<T> fetch(long amount) {
    intake.fetch(amount);
    look();
    return this;
  }

  @Override
  public final MeshStream<T> endHandler(Handler<Void> handler) {
    intake.endHandler(handler);
    look();
    return this;
  }

  @Override
  void deliver(Flow from) {
    intake.deliver(from);
  }

  @Override
  final void writable() {
    Intake.tell(drained, null);
  }
}
