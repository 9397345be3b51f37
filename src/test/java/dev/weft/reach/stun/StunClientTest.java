package dev.weft.reach.stun;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.reach.ProbeSocket;
import dev.weft.reach.stun.StunClient.Question;
import dev.weft.reach.stun.StunClient.Source;
import dev.weft.reach.stun.StunMessage.Kind;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StunClientTest {
  private static final InetSocketAddress SERVER = new InetSocketAddress("198.51.100.1", 3478);
  private static final InetSocketAddress SEEN = new InetSocketAddress("203.0.113.1", 4711);

  private final SimulatedNetwork time = new SimulatedNetwork();
  private final List<Long> sentAt = new ArrayList<>();
  private final List<StunMessage> sent = new ArrayList<>();
  private final ProbeSocket socket = new Recorder();
  private final StunClient client = new StunClient(time, new SecureRandom());

  private final class Recorder implements ProbeSocket {
    @Override
    public void send(InetSocketAddress to, byte[] datagram) {
      sentAt.add(TimeUnit.NANOSECONDS.toMillis(time.nanos()));
      sent.add(StunCodec.read(Unpooled.wrappedBuffer(datagram)).orElseThrow());
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }

  private Future<StunResult> ask() {
    return client.ask(Question.plain(socket, SERVER), Retransmission.RFC);
  }

  private StunMessage answer(Kind kind, StunAttribute... attributes) {
    return StunMessage.binding(kind, sent.get(0).id(), List.of(attributes));
  }

  private static StunAttribute mapped() {
    return new StunAttribute.Address(StunAttribute.Place.XOR_MAPPED, SEEN);
  }

  @Test
  void shouldRepeatTheQuestionAsTheRfcSaysAndGiveUp() {
    Future<StunResult> result = ask();
    time.turn(39);
    assertThat(result.isComplete()).isFalse();
    time.turn(1);

    assertThat(sentAt).containsExactly(0L, 500L, 1500L, 3500L, 7500L, 15500L, 31500L);
    assertThat(result.result()).isEqualTo(new StunResult.Silent());
    assertThat(client.expects(sent.get(0).id())).isFalse();
  }

  @Test
  void shouldTakeTheAnswerAndAskNoMore() {
    Future<StunResult> result = ask();

    assertThat(client.arrived(socket, SERVER, answer(Kind.SUCCESS, mapped()))).isTrue();
    time.turn(60);

    assertThat(((StunResult.Answered) result.result()).mapped()).isEqualTo(SEEN);
    assertThat(sent).hasSize(1);
  }

  @Test
  void shouldTakeTheAddressOfAnOldServer() {
    Future<StunResult> result = ask();

    client.arrived(
        socket,
        SERVER,
        answer(Kind.SUCCESS, new StunAttribute.Address(StunAttribute.Place.MAPPED, SEEN)));

    assertThat(((StunResult.Answered) result.result()).mapped()).isEqualTo(SEEN);
  }

  @Test
  void shouldIgnoreAnAnswerFromAnotherAddress() {
    Future<StunResult> result = ask();

    client.arrived(
        socket, new InetSocketAddress(SERVER.getAddress(), 9999), answer(Kind.SUCCESS, mapped()));

    assertThat(result.isComplete()).isFalse();
  }

  @Test
  void shouldIgnoreAnAnswerWithAnotherTransactionId() {
    Future<StunResult> result = ask();

    boolean taken =
        client.arrived(
            socket,
            SERVER,
            StunMessage.binding(Kind.SUCCESS, new TransactionId(1, 2), List.of(mapped())));

    assertThat(taken).isFalse();
    assertThat(result.isComplete()).isFalse();
  }

  @Test
  void shouldIgnoreAnAnswerAtAnotherSocket() {
    Future<StunResult> result = ask();

    client.arrived(new Recorder(), SERVER, answer(Kind.SUCCESS, mapped()));

    assertThat(result.isComplete()).isFalse();
  }

  @Test
  void shouldIgnoreAnAnswerWithoutAnAddress() {
    Future<StunResult> result = ask();

    client.arrived(socket, SERVER, answer(Kind.SUCCESS));
    client.arrived(socket, SERVER, answer(Kind.REQUEST, mapped()));

    assertThat(result.isComplete()).isFalse();
  }

  @Test
  void shouldSayWhyItIsRefused() {
    Future<StunResult> result = ask();

    client.arrived(socket, SERVER, answer(Kind.ERROR, new StunAttribute.ErrorCode(420, "Unknown")));

    assertThat(result.result()).isEqualTo(new StunResult.Refused(420, "Unknown"));
  }

  @Test
  void shouldExpectAnAnswerFromElsewhereOnlyFromElsewhere() {
    Future<StunResult> result =
        client.ask(Question.change(socket, SERVER, Source.OTHER_HOST), Retransmission.PROBE);

    client.arrived(socket, SERVER, answer(Kind.SUCCESS, mapped()));
    assertThat(result.isComplete()).isFalse();
    client.arrived(
        socket, new InetSocketAddress("198.51.100.2", 3478), answer(Kind.SUCCESS, mapped()));

    assertThat(result.result()).isInstanceOf(StunResult.Answered.class);
  }

  @Test
  void shouldBoundWhatWaits() {
    for (int i = 0; i < StunClient.MOST_QUESTIONS; i++) {
      assertThat(ask().isComplete()).isFalse();
    }

    assertThat(ask().result()).isEqualTo(new StunResult.Silent());
  }
}
