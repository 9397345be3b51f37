package dev.weft.wire.path;

import dev.weft.rpc.OutStream;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/**
 * The stream to a wire's peer, with the writer that turns frames into its messages. Only the lane's
 * event loop writes, and nothing is queued.
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
   * Writes a batch of whole messages, whose buffer the sink releases.
   *
   * @param drained runs when a sink that is full takes more, never before this returns
   * @return whether it takes more at once
   */
  boolean write(ByteBuf batch, Runnable drained) {
    return stream.write(batch, drained);
  }

  /** Done when the sink accepts no more frames; fails with the peer's status. */
  public Future<Void> ended() {
    return ended.future();
  }

  /** Ends the sink with a failure: the packet socket cannot be read. */
  void fail(Throwable why) {
    ended.tryFail(why);
    close();
  }

  /** Ends the sink and its stream without a failure; any thread may call. */
  public void close() {
    ended.tryComplete();
    stream.loop().run(stream::finish);
  }
}
