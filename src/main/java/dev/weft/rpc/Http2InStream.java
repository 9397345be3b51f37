package dev.weft.rpc;

import dev.weft.bus.Fault;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

/** An incoming stream over HTTP/2: the body of one request, in the buffers that Netty read. */
final class Http2InStream extends AnsweredStream implements DataFrames.Body {
  private final HttpServerResponse response;
  private final DataFrames frames;

  /**
   * @param done runs once, when the stream was ended, refused, or has failed
   */
  Http2InStream(Caller caller, HttpServerRequest request, Runnable done) {
    super(caller, done);
    this.response = request.response();
    this.frames = DataFrames.give(request, this);
    request.endHandler(v -> held.onEnd()).exceptionHandler(this::onFailed);
  }

  @Override
  void consumed(int bytes) {
    frames.consumed(response.streamId(), bytes);
  }

  @Override
  public boolean onData(ByteBuf data) {
    return held.onData(data);
  }

  @Override
  public void onPause() {
    held.onPause();
  }

  private void onFailed(Throwable why) {
    held.onFailed(why);
    finish();
  }

  @Override
  void answer(Buffer message) {
    Grpc.end(response, message);
  }

  @Override
  void answer(Fault fault, String why) {
    Grpc.refuse(response, fault, why);
  }
}
