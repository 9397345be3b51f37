package dev.weft.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.weft.rpc.proto.RpcOpening;
import dev.weft.rpc.proto.RpcOutcome;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** Asks over QUIC for a pipe to a service. */
final class QuicPipeOpening extends QuicReader {
  private final Loop loop;
  private final Promise<Pipe> opened = Promise.promise();
  private QuicWriter writer;

  QuicPipeOpening(Loop loop) {
    this.loop = loop;
  }

  Future<Pipe> open(RpcOpening opening) {
    writer = new QuicWriter(stream());
    var unused = writer.write(head(stream(), opening, 0));
    return opened.future();
  }

  @Override
  InStream.Reader opened(byte[] head) throws InvalidProtocolBufferException {
    RpcOutcome outcome = RpcOutcome.parseFrom(head);
    if (outcome.getStatus() != 0) {
      throw Grpc.failure(outcome.getStatus(), outcome.getText());
    }
    QuicPipeOut out = new QuicPipeOut(writer, loop);
    QuicPipeIn in = new QuicPipeIn(stream(), loop, out);
    opened.complete(new Pipe(in, out));
    return in;
  }

  @Override
  void broken(Throwable why) {
    var unused = writer.end();
    opened.tryFail(why);
  }
}
