package dev.weft.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.rpc.proto.RpcOpening;
import dev.weft.rpc.proto.RpcOutcome;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** An outgoing stream over QUIC. */
final class QuicOutStream extends QuicReader implements OutStream, InStream.Reader {
  private final Loop loop;
  private final Promise<Void> ended = Promise.promise();
  private QuicWriter writer;
  private boolean finished;
  private int status;

  QuicOutStream(Loop loop) {
    this.loop = loop;
  }

  QuicOutStream open(RpcOpening opening) {
    writer = new QuicWriter(stream());
    var unused = writer.write(head(stream(), opening, 0));
    return this;
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public boolean write(ByteBuf batch, Runnable drained) {
    if (finished || ended.future().isComplete()) {
      batch.release();
      return true;
    }
    return writer.write(batch, drained);
  }

  @Override
  public void limitUnsent(int bytes) {
    writer.limit(bytes);
  }

  @Override
  public Future<Void> finish() {
    finished = true;
    var unused = writer.end();
    return ended.future();
  }

  @Override
  public Future<Void> ended() {
    return ended.future();
  }

  /** The gRPC status with which the peer ended the stream, once it has. */
  int status() {
    return status;
  }

  @Override
  InStream.Reader opened(byte[] head) throws InvalidProtocolBufferException {
    RpcOutcome outcome = RpcOutcome.parseFrom(head);
    status = outcome.getStatus();
    if (status != 0) {
      throw Grpc.failure(status, outcome.getText());
    }
    return this;
  }

  @Override
  void broken(Throwable why) {
    ended.tryFail(WeftException.of(why));
    // The peer drops what still comes.
    var unused = writer.end();
  }

  @Override
  public void onData(ByteBuf answer) {
    // It says whether all frames could be delivered, which nobody asks.
  }

  @Override
  public void onPause() {
    // Nothing is kept back.
  }

  @Override
  public void onEnd() {
    if (finished) {
      ended.tryComplete();
    } else {
      broken(Fault.UNAVAILABLE.because("the peer ended the stream"));
    }
  }

  @Override
  public void onFailed(Throwable why) {
    broken(why);
  }
}
