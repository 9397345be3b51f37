package dev.weft.rpc;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.rpc.proto.RpcOpening;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A call that came in over QUIC. */
final class QuicIncomingCall implements InStream.Reader {
  /** Of a caller that names no deadline. */
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private static final long GRACE_MILLIS = 1000;

  private final QuicServing serving;
  private final String path;
  private final Duration deadline;
  private final QuicAnswer answer;
  private Buffer request = Buffer.buffer();

  QuicIncomingCall(QuicServing serving, RpcOpening opening, QuicAnswer answer) {
    this.serving = serving;
    this.path = opening.getName();
    long millis = Integer.toUnsignedLong(opening.getDeadlineMs());
    this.deadline = millis == 0 ? LONGEST : Duration.ofMillis(millis);
    this.answer = answer;
    // For a request that never becomes whole, and an answer that never comes. A caller who is well
    // knows first.
    long forgotten = deadline.toMillis() + GRACE_MILLIS;
    var timer = serving.loop().netty().schedule(this::late, forgotten, TimeUnit.MILLISECONDS);
    answer.onGiven(() -> timer.cancel(false));
  }

  private void late() {
    request = null;
    answer.refuse(
        Fault.TIMEOUT.grpcStatus(), path + ": no answer within " + deadline.toMillis() + " ms");
  }

  @Override
  public void onData(ByteBuf data) {
    if (request == null) {
      return;
    }
    if (request.length() + data.readableBytes() > Grpc.MAX_MESSAGE + Grpc.PREFIX) {
      request = null;
      answer.refuse(
          Fault.EXHAUSTED.grpcStatus(),
          path + ": a request of more than " + Grpc.MAX_MESSAGE + " bytes");
      return;
    }
    request.appendBytes(ByteBufUtil.getBytes(data));
  }

  @Override
  public void onPause() {
    // The request counts as a whole.
  }

  @Override
  public void onEnd() {
    if (request == null) {
      return;
    }
    Buffer whole = request;
    request = null;
    serving
        .loop()
        .call(() -> dispatch(whole))
        .onSuccess(answer::message)
        .onFailure(
            e -> {
              WeftException why = WeftException.of(e);
              answer.refuse(why.fault().grpcStatus(), why.getMessage());
            });
  }

  private Future<Buffer> dispatch(Buffer framed) {
    Buffer message;
    try {
      message = Grpc.single(framed);
    } catch (WeftException e) {
      throw Fault.INVALID.because(path + ": " + e.getMessage(), e);
    }
    return serving.listener().dispatch(serving.caller(), path, message);
  }

  @Override
  public void onFailed(Throwable why) {
    request = null;
    answer.refuse(Fault.UNAVAILABLE.grpcStatus(), why.getMessage());
  }
}
