package dev.weft.mesh.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.PeerMessage;
import dev.weft.mesh.proto.UpdateNodeDescription;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Both ends of stream 0, byte by byte. */
class ControlStreamTest {
  private final ByteBuf toServer = Unpooled.buffer();
  private final ByteBuf toClient = Unpooled.buffer();
  private final List<PeerMessage> asked = new ArrayList<>();
  private final List<Promise<Void>> answers = new ArrayList<>();
  private int readOn;
  private final ControlClient client = new ControlClient(toServer::writeBytes);
  private final ControlServer server =
      new ControlServer(toClient::writeBytes, this::work, () -> readOn++);

  private Future<Void> work(PeerMessage message) {
    asked.add(message);
    Promise<Void> answer = Promise.promise();
    answers.add(answer);
    return answer.future();
  }

  /** Carries all bytes there are, one at a time. */
  private void exchange() {
    while (toServer.isReadable() || toClient.isReadable()) {
      if (toServer.isReadable()) {
        server.received(toServer.readSlice(1));
      }
      if (toClient.isReadable()) {
        client.received(toClient.readSlice(1));
      }
    }
  }

  private static PeerMessage message(String service) {
    return PeerMessage.newBuilder()
        .setUpdateNodeDescription(UpdateNodeDescription.newBuilder().addServices(service))
        .build();
  }

  private static ByteBuf hex(String bytes) {
    return Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(bytes.replace(" ", "")));
  }

  private Future<Void> begin() {
    Future<Void> ready = client.start();
    server.start();
    exchange();
    return ready;
  }

  @Test
  void shouldBeginWithTheHeaderBareAndTheConfiguration() {
    client.start();
    server.start();

    assertThat(ByteBufUtil.hexDump(toServer)).isEqualTo("00000001" + "00000000" + "01000000");
    assertThat(ByteBufUtil.hexDump(toClient)).isEqualTo("00000001");
    server.received(toServer);
    assertThat(ByteBufUtil.hexDump(toClient)).isEqualTo("00000001" + "00000000" + "01000000");
  }

  @Test
  void shouldBeReadyWhenTheServerHasAnswered() {
    Future<Void> ready = client.start();
    server.start();
    client.received(toClient.readSlice(4));
    assertThat(ready.isComplete()).isFalse();

    exchange();

    assertThat(ready.succeeded()).isTrue();
  }

  @Test
  void shouldAnswerInTheOrderOfTheQuestions() {
    begin();
    Future<Void> one = client.ask(message("one"));
    Future<Void> two = client.ask(message("two"));
    exchange();
    assertThat(asked).containsExactly(message("one"), message("two"));

    answers.get(1).fail(Fault.DENIED.because("not you"));
    exchange();
    assertThat(two.isComplete()).isFalse();
    answers.get(0).complete();
    exchange();

    assertThat(one.succeeded()).isTrue();
    assertThat(two.cause()).isInstanceOf(WeftException.class).hasMessage("not you");
    assertThat(WeftException.of(two.cause()).fault()).isEqualTo(Fault.DENIED);
  }

  @Test
  void shouldAnswerWhatItsWorkThrows() {
    ControlServer throwing =
        new ControlServer(
            toClient::writeBytes,
            m -> {
              throw Fault.invalid("service", "x", "y");
            },
            () -> {});
    client.start();
    throwing.start();
    throwing.received(toServer);
    client.received(toClient);
    Future<Void> answer = client.ask(message("one"));
    throwing.received(toServer);
    client.received(toClient);

    assertThat(answer.cause()).hasMessage("service: x (expected: y)");
  }

  @Test
  void shouldRefuseAnotherHeaderAtEitherEndNamingBoth() {
    client.start();
    assertThatThrownBy(() -> client.received(hex("00000002")))
        .hasMessage("header: 00 00 00 02 (expected: 00 00 00 01)");
    assertThatThrownBy(() -> server.received(hex("474554202f")))
        .hasMessage("header: 47 45 54 20 (expected: 00 00 00 01)");
  }

  @Test
  void shouldRefuseAnythingButData() {
    begin();
    assertThatThrownBy(() -> server.received(hex("00000000 00000000")))
        .hasMessage("stream 0: frame type: 0 (expected: 1, Data)");
    assertThatThrownBy(() -> client.received(hex("00000000 00000080")))
        .hasMessage("stream 0: frame type: 2147483648 (expected: 1, Data)");
  }

  @Test
  void shouldRefuseALongMessageByItsLength() {
    begin();

    assertThatThrownBy(() -> server.received(hex("ffffffff 01000000")))
        .hasMessage("stream 0: frame length: 4294967295 (expected: at most 65536 bytes)");
  }

  @Test
  void shouldRefuseWhatIsNoMessage() {
    begin();

    assertThatThrownBy(() -> server.received(hex("03000000 01000000 ffffff")))
        .hasMessage("stream 0: ffffff (expected: a protobuf message)");
  }

  @Test
  void shouldRefuseAReplyToNothing() {
    begin();

    assertThatThrownBy(() -> client.received(hex("00000000 01000000")))
        .hasMessage("stream 0: a reply (expected: none, nothing was asked)");
  }

  @Test
  void shouldBoundWhatIsUnanswered() {
    begin();
    for (int i = 0; i < ControlClient.MOST_UNANSWERED; i++) {
      assertThat(client.ask(message("s")).isComplete()).isFalse();
    }

    assertThat(WeftException.of(client.ask(message("s")).cause()).fault())
        .isEqualTo(Fault.EXHAUSTED);
  }

  @Test
  void shouldGiveThoseWhoWaitTheirTurnsAsRepliesCome() {
    begin();
    for (int i = 0; i < ControlClient.TURNS; i++) {
      assertThat(client.turn().succeeded()).isTrue();
      Future<Void> unused = client.ask(message("s"));
    }
    Future<Void> next = client.turn();
    Future<Void> last = client.turn();
    assertThat(next.isComplete()).isFalse();

    next.onSuccess(v -> client.ask(message("s")));
    exchange();
    answers.get(0).complete();
    exchange();

    assertThat(next.succeeded()).isTrue();
    assertThat(last.isComplete()).isFalse();
    client.end(Fault.UNAVAILABLE.because("lost"));
    assertThat(last.failed()).isTrue();
    assertThat(client.turn().failed()).isTrue();
  }

  @Test
  void shouldBoundThoseWhoWaitForTheirTurn() {
    begin();
    while (client.unanswered() < ControlClient.TURNS) {
      Future<Void> unused = client.ask(message("s"));
    }
    for (int i = 0; i < ControlClient.MOST_WAITING; i++) {
      assertThat(client.turn().isComplete()).isFalse();
    }

    assertThat(WeftException.of(client.turn().cause()).fault()).isEqualTo(Fault.EXHAUSTED);
  }

  @Test
  void shouldReadNoMoreWhileMuchIsAtWork() {
    begin();
    for (int i = 0; i < ControlServer.MOST_AT_WORK; i++) {
      assertThat(server.full()).isFalse();
      Future<Void> unused = client.ask(message("s"));
      exchange();
    }
    assertThat(server.full()).isTrue();

    answers.get(0).complete();

    assertThat(server.full()).isFalse();
    assertThat(readOn).isEqualTo(1);
  }

  @Test
  void shouldFailWhatWaitsWhenTheConnectionEnds() {
    begin();
    Future<Void> waiting = client.ask(message("s"));

    client.end(Fault.UNAVAILABLE.because("gone"));

    assertThat(waiting.cause()).hasMessage("gone");
    assertThat(client.ask(message("s")).cause()).hasMessage("gone");
  }
}
