package dev.weft.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.rpc.proto.RpcOpening;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** A stream that came in over QUIC: begins what its head asks for. */
final class QuicIncoming extends QuicReader {
  private final QuicServing serving;
  private QuicAnswer answer;

  QuicIncoming(QuicServing serving) {
    this.serving = serving;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    super.handlerAdded(ctx);
    answer = new QuicAnswer(stream());
  }

  @Override
  InStream.Reader opened(byte[] head) throws InvalidProtocolBufferException {
    RpcOpening opening = RpcOpening.parseFrom(head);
    return switch (opening.getKind()) {
      case CALL -> new QuicIncomingCall(serving, opening, answer);
      case STREAM -> stream(opening);
      case PIPE -> pipe(opening);
      case PING -> new Echo(answer.begin());
      default -> throw Fault.invalid("kind", opening.getKindValue(), "1..4");
    };
  }

  private InStream.Reader stream(RpcOpening opening) {
    GrpcListener listener = serving.listener();
    if (!listener.streams(opening.getName())) {
      answer.refuse(Grpc.UNIMPLEMENTED, opening.getName() + " is not served here");
      return new Drop();
    }
    Optional<Leg> leg = Optional.of(opening.getLeg()).filter(l -> !l.isEmpty()).map(Leg::parse);
    Caller caller = serving.caller();
    AtomicReference<QuicInStream> in = new AtomicReference<>();
    listener.onStream(
        caller,
        opening.getName(),
        leg,
        serving.loop().context(),
        done -> {
          in.set(new QuicInStream(caller, stream(), answer, done));
          return in.get();
        });
    return in.get();
  }

  private InStream.Reader pipe(RpcOpening opening) {
    Caller caller = serving.caller();
    var handler = serving.listener().pipeService(caller, opening.getName());
    QuicPipeOut out = new QuicPipeOut(answer.begin(), serving.loop());
    QuicPipeIn in = new QuicPipeIn(stream(), serving.loop(), out);
    serving.loop().run(() -> handler.accept(caller, new Pipe(in, out)));
    return in;
  }

  @Override
  void broken(Throwable why) {
    WeftException e = WeftException.of(why);
    answer.refuse(e.fault().grpcStatus(), e.getMessage());
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    super.exceptionCaught(ctx, cause);
    serving.onBroken();
  }

  /** Gives back what comes, as long as it is taken. */
  private record Echo(QuicWriter out) implements InStream.Reader {
    @Override
    public void onData(ByteBuf data) {
      if (!out.isFull()) {
        var unused = out.write(data.retainedSlice());
      }
    }

    @Override
    public void onPause() {
      // Each part is sent as it comes.
    }

    @Override
    public void onEnd() {
      var unused = out.end();
    }

    @Override
    public void onFailed(Throwable why) {
      // There is nobody left.
    }
  }

  /** Reads what was refused to its end. */
  private record Drop() implements InStream.Reader {
    @Override
    public void onData(ByteBuf data) {
      // It was refused.
    }

    @Override
    public void onPause() {
      // It was refused.
    }

    @Override
    public void onEnd() {
      // Both directions have ended.
    }

    @Override
    public void onFailed(Throwable why) {
      // It was refused.
    }
  }
}
