package dev.weft.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.rpc.proto.RpcOpening;
import dev.weft.rpc.proto.RpcOutcome;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamType;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuicConnectionTest extends ConnectionContract {
  private static final String PATH = "/meshnet.v1beta1.Local/Get";

  @TempDir Path directory;
  private TwoPorts ports;
  private QuicChannel channel;

  @Override
  RpcConnection connect() {
    ports = new TwoPorts(directory, loop, listener, Loop.of(vertx), Caller.local("127.0.0.1"));
    channel = ports.dial();
    return new QuicConnection(channel, loop);
  }

  @Override
  void closePeer() {
    ports.close();
  }

  /** What a stranger's stream got back, up to its end. */
  private static final class Answer extends ChannelInboundHandlerAdapter {
    private final ByteBuf all = Unpooled.buffer();
    private final Promise<Void> begun = Promise.promise();
    private final Promise<ByteBuf> whole = Promise.promise();

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      begun.tryComplete();
      all.writeBytes((ByteBuf) message);
      ((ByteBuf) message).release();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event == ChannelInputShutdownReadComplete.INSTANCE) {
        whole.tryComplete(all);
      }
    }
  }

  private QuicStreamChannel stranger(Answer answer) {
    return channel
        .createStream(QuicStreamType.BIDIRECTIONAL, answer)
        .syncUninterruptibly()
        .getNow();
  }

  private RpcOutcome outcomeOf(ByteBuf sent) throws Exception {
    Answer answer = new Answer();
    QuicStreamChannel stream = stranger(answer);
    var unused = stream.write(sent);
    stream.writeAndFlush(QuicStreamFrame.EMPTY_FIN).syncUninterruptibly();
    ByteBuf all = await(answer.whole.future().timeout(10, TimeUnit.SECONDS));
    byte[] head = new byte[all.readUnsignedShort()];
    all.readBytes(head);
    return RpcOutcome.parseFrom(head);
  }

  private static ByteBuf head(RpcOpening opening) {
    byte[] bytes = opening.toByteArray();
    return Unpooled.directBuffer().writeShort(bytes.length).writeBytes(bytes);
  }

  private static RpcOpening.Builder opening(RpcOpening.Kind kind, String name) {
    return RpcOpening.newBuilder().setKind(kind).setName(name);
  }

  @Test
  void shouldRefuseAHeadThatIsTooLong() throws Exception {
    RpcOutcome outcome = outcomeOf(Unpooled.directBuffer().writeShort(4097).writeZero(5000));

    assertThat(outcome.getStatus()).isEqualTo(Fault.INVALID.grpcStatus());
    assertThat(outcome.getText()).contains("4097 bytes (expected: up to 4096)");
  }

  @Test
  void shouldRefuseAHeadThatIsGarbage() throws Exception {
    RpcOutcome outcome =
        outcomeOf(
            Unpooled.directBuffer().writeShort(5).writeBytes(new byte[] {-1, -1, -1, -1, -1}));

    assertThat(outcome.getStatus()).isEqualTo(Fault.INVALID.grpcStatus());
  }

  @Test
  void shouldRefuseAStreamThatEndsInsideItsHead() throws Exception {
    assertThat(outcomeOf(Unpooled.directBuffer().writeShort(5).writeByte(8)).getText())
        .isEqualTo("the stream ended inside its head");
  }

  @Test
  void shouldRefuseAnUnknownKind() throws Exception {
    assertThat(outcomeOf(head(RpcOpening.newBuilder().setKindValue(9).build())).getText())
        .contains("kind: 9 (expected: 1..4)");
  }

  @Test
  void shouldRefuseACallWhoseLengthIsWrong() throws Exception {
    ByteBuf sent = head(opening(RpcOpening.Kind.CALL, PATH).build());
    RpcOutcome outcome = outcomeOf(sent.writeByte(0).writeInt(-1).writeByte(1));

    assertThat(outcome.getStatus()).isEqualTo(Fault.INVALID.grpcStatus());
    assertThat(outcome.getText()).contains(PATH, "length -1");
  }

  @Test
  void shouldRefuseARequestThatIsTooLong() {
    Future<Buffer> answer =
        connection().call(PATH, Buffer.buffer(new byte[5 << 20]), Duration.ofSeconds(10));

    assertThatThrownBy(() -> await(answer))
        .hasMessageContaining("a request of more than 4194304 bytes");
  }

  @Test
  void shouldRefuseAMethodThatIsNotServed() {
    assertThatThrownBy(
            () -> await(connection().call("/a.B/C", Buffer.buffer(), Duration.ofSeconds(10))))
        .hasMessageContaining("/a.B/C is not served here");
  }

  @Test
  void shouldRefuseAStreamThatIsNotServed() {
    OutStream stream = await(connection().stream("/a.B/C", Optional.empty()));

    assertThatThrownBy(() -> await(stream.ended()))
        .hasMessageContaining("/a.B/C is not served here");
  }

  @Test
  void shouldTellWhetherAStreamIsServed() {
    assertThat(await(connection().serves("/a.B/C", Duration.ofSeconds(10)))).isFalse();
  }

  @Test
  void shouldRefuseAStreamWhoseLegCannotBeRead() throws Exception {
    RpcOpening odd = opening(RpcOpening.Kind.STREAM, NOBODY).setLeg("first").build();

    assertThat(outcomeOf(head(odd)).getText()).contains("weft-stream: first (expected:");
  }

  @Test
  void shouldGoOnAfterAStreamIsBrokenOff() {
    QuicStreamChannel stream = stranger(new Answer());
    stream.writeAndFlush(Unpooled.directBuffer().writeShort(100)).syncUninterruptibly();
    stream.shutdownOutput(7).syncUninterruptibly();

    shouldBringAnAnswer();
  }

  @Test
  void shouldCloseAConnectionThatBreaksOffStreamAfterStream() {
    for (int i = 0; i < 1000; i++) {
      Answer answer = new Answer();
      QuicStreamChannel stream = stranger(answer);
      stream.writeAndFlush(head(opening(RpcOpening.Kind.PING, "").build())).syncUninterruptibly();
      // One that is broken off before the peer has seen it costs the peer nothing.
      await(answer.begun.future().timeout(10, TimeUnit.SECONDS));
      stream.shutdownOutput(7).syncUninterruptibly();
    }

    await(connection().lost().timeout(10, TimeUnit.SECONDS));
  }

  @Test
  void shouldAnswerWhenTheDeadlineIsOverWhateverTheCallerDoes() throws Exception {
    Answer answer = new Answer();
    QuicStreamChannel stream = stranger(answer);
    stream
        .writeAndFlush(head(opening(RpcOpening.Kind.CALL, PATH).setDeadlineMs(50).build()))
        .syncUninterruptibly();

    ByteBuf all = await(answer.whole.future().timeout(10, TimeUnit.SECONDS));

    assertThat(all.toString(StandardCharsets.UTF_8)).contains("no answer within 50 ms");
  }

  @Test
  void shouldFailWhatIsUnderWayWhenItIsLost() {
    OutStream stream = await(connection().stream(NOBODY, Optional.empty()));

    connection().close();

    assertThatThrownBy(() -> await(stream.ended()))
        .cause()
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.UNAVAILABLE));
  }

  @Test
  void shouldCloseOnceItIsDrained() {
    OutStream stream = await(connection().stream(NOBODY, Optional.empty()));

    connection().drain();
    assertThatThrownBy(() -> await(connection().pipe("echo"))).hasMessageContaining("closed");
    assertThat(connection().lost().isComplete()).isFalse();
    connection().close();

    await(connection().lost());
    assertThatThrownBy(() -> await(stream.ended())).hasMessageContaining("lost");
  }

  @Test
  void shouldNoticeThatThePeerIsSilent() {
    ((QuicConnection) connection()).watch(100, 500);
    shouldBringAnAnswer();

    ports.cut();

    await(connection().lost().timeout(20, TimeUnit.SECONDS));
  }
}
