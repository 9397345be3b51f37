package dev.weft.wire.path;

import dev.weft.rpc.OutStream;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/**
 * Where a wire's outgoing frames go: a stream to the peer, and what makes its messages of frames.
 * Written to on its lane's event loop alone; when it is full it says so, and nothing is queued.
 */
public final class FrameSink {
  private final PacketWriter writer;
  private final OutStream stream;
  private final Promise<Void> ended = Promise.promise();

  public FrameSink(PacketWriter writer, OutStream stream) {
    this.writer = writer;
    this.stream = stream;
    stream.ended().onSuccess(v -> ended.tryComplete()).onFailure(ended::tryFail);
  }

  PacketWriter writer() {
    return writer;
  }

  /**
   * Writes a batch of whole messages, which the sink then owns.
   *
   * @param drained runs when a sink that is full takes more, never before this returns
   * @return whether it takes more at once
   */
  boolean write(ByteBuf batch, Runnable drained) {
    return stream.write(batch, drained);
  }

  /** Completes or fails, with the peer's status, when it takes no more for good. */
  public Future<Void> ended() {
    return ended.future();
  }

  /** Gives it up: its frames cannot be read. */
  void fail(Throwable why) {
    ended.tryFail(why);
    close();
  }

  /** Ends it cleanly, as the peer sees it too; any thread may call. */
  public void close() {
    ended.tryComplete();
    stream.loop().run(stream::finish);
  }
}
