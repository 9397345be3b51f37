package dev.weft.wire.meshnet;

import dev.weft.rpc.Grpc;
import dev.weft.wire.path.FrameReceiver;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.path.TrafficCounter;
import io.netty.buffer.ByteBuf;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientRequest;
import java.util.concurrent.TimeUnit;

/**
 * {@code SendToOnce} to a daemon that has no {@code SendToStream}: a call per frame, the next one
 * when the last is answered, because calls under way together may change places.
 */
final class OnceSink implements FrameSink {
  private static final long DEADLINE_MILLIS = 2000;
  private static final long CANCEL = 0x8;

  private final HttpClientConnection connection;
  private final PacketWriter writer;
  private final TrafficCounter sent;
  private final String self;
  private final Promise<Void> ended = Promise.promise();
  private ByteBuf batch;
  private Runnable drained;

  /**
   * @param sent counts what the daemon refused as dropped
   */
  OnceSink(HttpClientConnection connection, PacketWriter writer, TrafficCounter sent, String self) {
    this.connection = connection;
    this.writer = writer;
    this.sent = sent;
    this.self = self;
  }

  @Override
  public PacketWriter writer() {
    return writer;
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
    byte[] message = new byte[Grpc.PREFIX + batch.getInt(batch.readerIndex() + 1)];
    batch.readBytes(message);
    connection
        .request(Grpc.request(FrameReceiver.ONCE, self))
        .onFailure(this::onClosed)
        .onSuccess(
            call ->
                call.send(Buffer.buffer(message))
                    .compose(Grpc::status)
                    .timeout(DEADLINE_MILLIS, TimeUnit.MILLISECONDS)
                    .onComplete(answer -> onAnswer(call, answer)));
  }

  private void onClosed(Throwable why) {
    release();
    end(why);
  }

  private void onAnswer(HttpClientRequest call, AsyncResult<Buffer> answer) {
    if (answer.failed()) {
      call.reset(CANCEL);
    }
    // An empty message is a BoolResponse that says false.
    if (answer.failed() || answer.result().length() <= Grpc.PREFIX) {
      sent.dropped(1);
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
    if (batch != null) {
      batch.release();
      batch = null;
    }
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
  public void close() {
    ended.tryComplete();
  }
}
