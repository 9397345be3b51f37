package dev.weft.wire.meshnet;

import dev.weft.rpc.Loop;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.RpcConnection;
import dev.weft.wire.path.DropCause;
import dev.weft.wire.path.FrameReceiver;
import dev.weft.wire.path.TrafficCounter;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;

/**
 * {@code SendToOnce} to a daemon that has no {@code SendToStream}: one call per frame. The next
 * call begins when the last one is answered, because concurrent calls may overtake each other.
 */
final class OnceStream implements OutStream {
  private static final Duration DEADLINE = Duration.ofSeconds(2);

  /** A flag byte and a 4-byte length before each message of a batch. */
  private static final int PREFIX = 5;

  private final RpcConnection connection;
  private final TrafficCounter sent;
  private final Promise<Void> ended = Promise.promise();
  private ByteBuf batch;
  private Runnable drained;

  /**
   * @param sent counts frames that the daemon refused as dropped
   */
  OnceStream(RpcConnection connection, TrafficCounter sent) {
    this.connection = connection;
    this.sent = sent;
  }

  @Override
  public Loop loop() {
    return connection.loop();
  }

  @Override
  public boolean write(ByteBuf batch, Runnable drained) {
    if (ended.future().isComplete() || !batch.isReadable()) {
      batch.release();
      return true;
    }
    this.batch = batch;
    this.drained = drained;
    next();
    return false;
  }

  private void next() {
    int length = batch.getInt(batch.readerIndex() + 1);
    byte[] message = new byte[length];
    batch.skipBytes(PREFIX).readBytes(message);
    connection
        .call(FrameReceiver.ONCE, Buffer.buffer(message), DEADLINE)
        // An empty message is a BoolResponse that says false.
        .map(answer -> answer.length() > 0)
        .otherwise(false)
        .onSuccess(this::onAnswer);
  }

  private void onAnswer(boolean taken) {
    if (!taken) {
      sent.dropped(DropCause.REFUSED, 1);
    }
    if (ended.future().isComplete()) {
      release();
    } else if (batch.isReadable()) {
      next();
    } else {
      release();
      drained.run();
    }
  }

  private void release() {
    batch.release();
    batch = null;
  }

  @Override
  public void limitUnsent(int bytes) {
    // One frame is under way at a time.
  }

  /** The connection is lost. */
  void fail(Throwable why) {
    ended.tryFail(why);
  }

  @Override
  public Future<Void> finish() {
    ended.tryComplete();
    return ended.future();
  }

  @Override
  public Future<Void> ended() {
    return ended.future();
  }
}
