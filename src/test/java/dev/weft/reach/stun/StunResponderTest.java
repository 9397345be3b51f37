package dev.weft.reach.stun;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.reach.ProbeSocket;
import dev.weft.reach.stun.StunAttribute.Place;
import dev.weft.reach.stun.StunMessage.Kind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class StunResponderTest {
  private static final InetSocketAddress ASKER = new InetSocketAddress("203.0.113.1", 4711);
  private static final InetSocketAddress MEMBER = new InetSocketAddress("198.51.100.2", 7654);
  private static final TransactionId ID = new TransactionId(7, 8);

  private record Sent(ProbeSocket from, InetSocketAddress to, ByteBuf datagram) {
    StunMessage message() {
      return StunCodec.read(datagram).orElseThrow();
    }
  }

  private final class Recorder implements ProbeSocket {
    @Override
    public void send(InetSocketAddress to, byte[] datagram) {
      sent.add(new Sent(this, to, Unpooled.wrappedBuffer(datagram)));
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }

  private final List<Sent> sent = new ArrayList<>();
  private final SimulatedNetwork time = new SimulatedNetwork();
  private final ProbeSocket first = new Recorder();
  private final ProbeSocket second = new Recorder();
  private final List<InetSocketAddress> members = new ArrayList<>(List.of(MEMBER));
  private final StunResponder responder =
      new StunResponder(
          new StunResponder.Ports(first, Optional.of(second), OptionalInt.of(40_000)),
          () -> members,
          time);

  /** Gives the length of the question. */
  private int ask(InetSocketAddress from, StunMessage message) {
    int bytes = StunCodec.write(message).length;
    responder.arrived(first, from, message, bytes);
    return bytes;
  }

  private static StunMessage question(StunAttribute... attributes) {
    return StunMessage.binding(Kind.REQUEST, ID, List.of(attributes));
  }

  @Test
  void shouldTellWhereItSeesTheAsker() {
    ask(ASKER, question());

    assertThat(sent).hasSize(1);
    assertThat(sent.get(0).to()).isEqualTo(ASKER);
    assertThat(sent.get(0).message().id()).isEqualTo(ID);
    assertThat(sent.get(0).message().mapped()).contains(ASKER);
  }

  @Test
  void shouldAnswerABareQuestionWithNoMoreThanTheAddress() {
    StunMessage bare = new StunMessage(Kind.REQUEST, StunMessage.BINDING, ID, List.of(), false);

    int asked = ask(ASKER, bare);
    ask(new InetSocketAddress("2001:db8::1", 4711), bare);

    assertThat(sent.get(0).datagram().readableBytes()).isEqualTo(asked + 12);
    assertThat(sent.get(1).datagram().readableBytes()).isEqualTo(asked + 24);
  }

  @Test
  void shouldAnswerANodesQuestionWithNoMoreBytes() {
    StunAttribute room = new StunAttribute.Other(StunAttribute.ROOM, ByteBuffer.wrap(new byte[72]));
    InetSocketAddress member6 = new InetSocketAddress("2001:db8::2", 7654);
    members.add(member6);

    int asked = ask(new InetSocketAddress("2001:db8::1", 4711), question(room));

    assertThat(sent.get(0).datagram().readableBytes()).isLessThanOrEqualTo(asked);
    assertThat(sent.get(0).message().address(Place.OTHER)).contains(member6);
    assertThat(sent.get(0).message().port(StunAttribute.SECOND_PORT)).hasValue(40_000);
  }

  @Test
  void shouldNameWhatItDoesNotUnderstand() {
    ask(ASKER, question(new StunAttribute.Other(0x7FFF, ByteBuffer.allocate(4))));

    assertThat(sent.get(0).message().kind()).isEqualTo(Kind.ERROR);
    assertThat(sent.get(0).message().error()).map(StunAttribute.ErrorCode::code).contains(420);
    assertThat(sent.get(0).message().attributes())
        .contains(new StunAttribute.UnknownTypes(List.of(0x7FFF)));
  }

  @Test
  void shouldAnswerFromTheOtherPort() {
    ask(ASKER, question(new StunAttribute.ChangeRequest(false, true)));

    assertThat(sent.get(0).from()).isEqualTo(second);
    assertThat(sent.get(0).message().mapped()).contains(ASKER);
  }

  @Test
  void shouldPassOnToAnotherMemberWhatShallBeAnsweredFromAnotherAddress() {
    ask(ASKER, question(new StunAttribute.ChangeRequest(true, true)));

    assertThat(sent.get(0).to()).isEqualTo(MEMBER);
    assertThat(sent.get(0).message().kind()).isEqualTo(Kind.INDICATION);
    assertThat(sent.get(0).message().address(Place.ANSWER_TO)).contains(ASKER);
  }

  @Test
  void shouldRefuseThatWithoutAnotherMember() {
    members.clear();

    ask(ASKER, question(new StunAttribute.ChangeRequest(true, true)));

    assertThat(sent.get(0).message().attributes())
        .contains(new StunAttribute.UnknownTypes(List.of(StunAttribute.CHANGE_REQUEST)));
  }

  private static StunMessage passedOn() {
    return StunMessage.binding(
        Kind.INDICATION, ID, List.of(new StunAttribute.Address(Place.ANSWER_TO, ASKER)));
  }

  @Test
  void shouldAnswerInAnotherMembersPlace() {
    ask(MEMBER, passedOn());

    assertThat(sent.get(0).to()).isEqualTo(ASKER);
    assertThat(sent.get(0).message().mapped()).contains(ASKER);
  }

  @Test
  void shouldNotAnswerInTheirPlaceForStrangers() {
    ask(new InetSocketAddress("192.0.2.66", 7654), passedOn());
    ask(new InetSocketAddress(MEMBER.getAddress(), 7655), passedOn());

    assertThat(sent).isEmpty();
  }

  @Test
  void shouldAnswerToAnotherPortOfTheAskerOnly() {
    ask(ASKER, question(new StunAttribute.Port(StunAttribute.RESPONSE_PORT, 5000)));

    assertThat(sent.get(0).to()).isEqualTo(new InetSocketAddress(ASKER.getAddress(), 5000));
    assertThat(sent.get(0).message().mapped()).contains(ASKER);
  }

  @Test
  void shouldAnswerOneAddressAtABoundedRate() {
    for (int i = 0; i < 1000; i++) {
      ask(new InetSocketAddress(ASKER.getAddress(), 1024 + i), question());
    }
    assertThat(sent).hasSize(AnswerRate.EACH_PER_SECOND);

    time.turn(1);
    ask(ASKER, question());

    assertThat(sent).hasSize(AnswerRate.EACH_PER_SECOND + 1);
    assertThat(responder.counters().limited()).isEqualTo(1000 - AnswerRate.EACH_PER_SECOND);
  }

  @Test
  void shouldAnswerAllTogetherAtABoundedRate() {
    for (int i = 0; i < 3000; i++) {
      ask(new InetSocketAddress("10.1." + i / 250 + "." + i % 250, 4711), question());
    }

    assertThat(sent).hasSize(AnswerRate.ALL_PER_SECOND);
  }

  @Test
  void shouldIgnoreAnswersAndOtherMethods() {
    ask(ASKER, StunMessage.binding(Kind.SUCCESS, ID, List.of()));
    ask(ASKER, StunMessage.binding(Kind.INDICATION, ID, List.of()));
    ask(ASKER, new StunMessage(Kind.REQUEST, 3, ID, List.of(), true));

    assertThat(sent).isEmpty();
  }
}
