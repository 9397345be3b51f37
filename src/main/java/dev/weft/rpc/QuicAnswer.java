package dev.weft.rpc;

import dev.weft.rpc.proto.RpcOutcome;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.vertx.core.buffer.Buffer;

/** The answering direction of a QUIC stream; only the first answer counts. On the loop. */
final class QuicAnswer {
  /** Characters, of up to three bytes: the outcome has to fit into a head. */
  private static final int MAX_TEXT = 1000;

  private final QuicStreamChannel stream;
  private final QuicWriter writer;
  private boolean given;
  private Runnable onGiven = () -> {};

  QuicAnswer(QuicStreamChannel stream) {
    this.stream = stream;
    this.writer = new QuicWriter(stream);
  }

  /** What runs when the answer is given. */
  void onGiven(Runnable run) {
    onGiven = run;
  }

  private void give() {
    given = true;
    onGiven.run();
  }

  /** Answers with one message, and ends. */
  void message(Buffer message) {
    if (!given) {
      give();
      Buffer framed = Grpc.frame(message);
      writer.end(
          QuicReader.head(stream, RpcOutcome.getDefaultInstance(), framed.length())
              .writeBytes(framed.getBytes()));
    }
  }

  /** Answers OK, and goes on. */
  QuicWriter begin() {
    give();
    var unused = writer.write(QuicReader.head(stream, RpcOutcome.getDefaultInstance(), 0));
    return writer;
  }

  /** Answers with a gRPC status, and ends. */
  void refuse(int status, String why) {
    if (!given) {
      give();
      String text = why == null ? "" : why.substring(0, Math.min(why.length(), MAX_TEXT));
      RpcOutcome outcome = RpcOutcome.newBuilder().setStatus(status).setText(text).build();
      writer.end(QuicReader.head(stream, outcome, 0));
    }
  }
}
