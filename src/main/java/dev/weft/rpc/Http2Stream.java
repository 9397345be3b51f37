package dev.weft.rpc;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.internal.buffer.BufferInternal;

/** An outgoing stream over HTTP/2: the body of one request, with its turns on the connection. */
final class Http2Stream implements OutStream, Turns.Out {
  private final HttpClientRequest request;
  private final Http2Connection connection;
  private final Promise<Void> ended = Promise.promise();
  private final Turns.Turn turn;
  private boolean finished;

  Http2Stream(HttpClientRequest request, Http2Connection connection) {
    this.request = request;
    this.connection = connection;
    this.turn = connection.turns().of(this);
    request.setChunked(true);
    request.exceptionHandler(this::fail);
    request
        .response()
        .compose(Grpc::status)
        .onSuccess(
            taken -> {
              if (finished) {
                ended.tryComplete();
              } else {
                fail(Fault.UNAVAILABLE.because("the peer ended the stream"));
              }
            })
        .onFailure(this::fail);
  }

  private void fail(Throwable why) {
    turn.close();
    ended.tryFail(WeftException.of(why));
  }

  @Override
  public Loop loop() {
    return connection.loop();
  }

  @Override
  public boolean write(ByteBuf batch, Runnable drained) {
    if (finished || ended.future().isComplete()) {
      batch.release();
      return true;
    }
    return turn.write(batch, drained);
  }

  @Override
  public void write(ByteBuf batch) {
    // Vert.x wraps the buffer so that Netty's release has no effect: it has to be released here.
    request.write(BufferInternal.buffer(batch)).onComplete(written -> batch.release());
  }

  @Override
  public boolean isFull() {
    return request.writeQueueFull();
  }

  @Override
  public void whenDrained(Runnable run) {
    request.drainHandler(v -> run.run());
  }

  @Override
  public void limitUnsent(int bytes) {
    connection.limitUnsent(bytes);
  }

  @Override
  public Future<Void> finish() {
    if (!finished) {
      finished = true;
      turn.flush();
      turn.close();
      request.end().onFailure(this::fail);
    }
    return ended.future();
  }

  @Override
  public Future<Void> ended() {
    return ended.future();
  }
}
