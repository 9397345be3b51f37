package dev.weft.rpc;

import dev.weft.bus.Fault;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

/** An incoming stream over HTTP/2: the body of one request, in the buffers that Netty read. */
final class Http2InStream implements InStream, DataFrames.Body {
  private final Caller caller;
  private final HttpServerResponse response;
  private final HeldStream held;
  private final Runnable done;
  private boolean isDone;

  /**
   * @param done runs once, when the stream was ended, refused, or has failed
   */
  Http2InStream(Caller caller, HttpServerRequest request, Runnable done) {
    this.caller = caller;
    this.response = request.response();
    this.done = done;
    DataFrames frames = DataFrames.give(request, this);
    int id = response.streamId();
    this.held = new HeldStream(bytes -> frames.consumed(id, bytes));
    request.endHandler(v -> held.onEnd()).exceptionHandler(this::onFailed);
  }

  @Override
  public Caller caller() {
    return caller;
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
  public void read(Reader reader) {
    held.read(reader);
  }

  @Override
  public void end(Buffer message) {
    Grpc.end(response, message);
    finish();
  }

  @Override
  public void refuse(Fault fault, String why) {
    Grpc.refuse(response, fault, why);
    finish();
  }

  @Override
  public void abandon() {
    if (!isDone) {
      held.onFailed(Fault.UNAVAILABLE.because(Legs.ABANDONED));
      refuse(Fault.UNAVAILABLE, Legs.ABANDONED);
    }
  }

  private void finish() {
    if (!isDone) {
      isDone = true;
      done.run();
    }
  }
}
