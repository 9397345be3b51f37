package dev.weft.wire.path;

import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.internal.buffer.BufferInternal;

/**
 * The outgoing {@code SendToStream} call of one wire. It is written to on its lane's event loop
 * alone; when the connection is full it says so, and nothing is queued here.
 */
public final class WireStream implements FrameSink {
  private final HttpClientRequest request;
  private final PacketWriter writer;
  private final Promise<Void> ended = Promise.promise();

  public WireStream(HttpClientRequest request, PacketWriter writer) {
    this.request = request;
    this.writer = writer;
    request.exceptionHandler(ended::tryFail);
  }

  @Override
  public PacketWriter writer() {
    return writer;
  }

  @Override
  public Future<Void> ended() {
    return ended.future();
  }

  @Override
  public void end(Throwable why) {
    if (why == null) {
      ended.tryComplete();
    } else {
      ended.tryFail(why);
    }
  }

  @Override
  public boolean write(ByteBuf batch, Runnable drained) {
    if (ended.future().isComplete()) {
      batch.release();
      return true;
    }
    // Vert.x wraps a foreign buffer so that Netty's release has no effect: it stays ours to free.
    request.write(BufferInternal.buffer(batch)).onComplete(written -> batch.release());
    if (request.writeQueueFull()) {
      request.drainHandler(v -> drained.run());
      return false;
    }
    return true;
  }

  @Override
  public void close() {
    if (!ended.future().isComplete()) {
      request.end();
      ended.tryComplete();
    }
  }
}
