package dev.weft.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.weft.bus.Fault;
import dev.weft.rpc.proto.RpcOutcome;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;

/** The caller's end of a call over QUIC: waits for the answer. */
final class QuicCall extends QuicReader implements InStream.Reader {
  private final String path;
  private final Promise<Buffer> answer = Promise.promise();
  private final Buffer body = Buffer.buffer();

  QuicCall(String path) {
    this.path = path;
  }

  /** The answer, without its prefix. */
  Promise<Buffer> answer() {
    return answer;
  }

  @Override
  InStream.Reader opened(byte[] head) throws InvalidProtocolBufferException {
    RpcOutcome outcome = RpcOutcome.parseFrom(head);
    if (outcome.getStatus() != 0) {
      throw Grpc.failure(outcome.getStatus(), outcome.getText());
    }
    return this;
  }

  @Override
  void broken(Throwable why) {
    answer.tryFail(why);
  }

  @Override
  public void onData(ByteBuf data) {
    if (body.length() + data.readableBytes() > Grpc.MAX_MESSAGE + Grpc.PREFIX) {
      fail(
          Fault.EXHAUSTED.because(
              path + ": an answer of more than " + Grpc.MAX_MESSAGE + " bytes"));
      return;
    }
    body.appendBytes(ByteBufUtil.getBytes(data));
  }

  @Override
  public void onPause() {
    // The answer counts as a whole.
  }

  @Override
  public void onEnd() {
    try {
      answer.tryComplete(Grpc.single(body));
    } catch (RuntimeException e) {
      answer.tryFail(e);
    }
  }

  @Override
  public void onFailed(Throwable why) {
    answer.tryFail(why);
  }
}
