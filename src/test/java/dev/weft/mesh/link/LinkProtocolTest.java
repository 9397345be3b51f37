package dev.weft.mesh.link;

import static dev.weft.mesh.link.SimulatedLink.A;
import static dev.weft.mesh.link.SimulatedLink.B;
import static dev.weft.mesh.link.SimulatedLink.settings;
import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.mesh.route.RouteAnnouncement;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Two ends in simulated time. */
class LinkProtocolTest {
  private static final long C = 0x0c0c_0c0c_0000_0003L;
  private static final Impairment FAST = Impairment.delay(MILLISECONDS.toNanos(1));

  private boolean cutToA;
  private boolean cutToB;

  private SimulatedLink cuttable() {
    return SimulatedLink.between(
        FAST.then(Impairment.cut(() -> cutToB)), FAST.then(Impairment.cut(() -> cutToA)));
  }

  private static SimulatedLink up() {
    SimulatedLink link = SimulatedLink.between(FAST, FAST).start();
    link.clock.pass(MILLISECONDS.toNanos(10));
    return link;
  }

  private static ByteBuf payload(int... bytes) {
    ByteBuf payload = Unpooled.buffer(100);
    for (int b : bytes) {
      payload.writeByte(b);
    }
    return payload;
  }

  @Test
  void shouldIntroduceBothEnds() {
    SimulatedLink link = up();

    assertThat(link.a.told)
        .containsExactly("introduced %016x relays=true seen=192.0.2.1:7000".formatted(B), "up");
    assertThat(link.b.told)
        .containsExactly("introduced %016x relays=true seen=192.0.2.1:7000".formatted(A), "up");
  }

  @Test
  void shouldCarryMessages() {
    SimulatedLink link = up();

    link.a.send(A, B, payload(32, 1, 2));
    link.a.send(C, 0x0dL, payload(31, 3));
    link.clock.pass(MILLISECONDS.toNanos(2));

    assertThat(link.b.messages).containsExactly(new byte[] {32, 1, 2}, new byte[] {31, 3});
    assertThat(link.b.told)
        .contains("message %016x %016x".formatted(A, B), "message %016x %016x".formatted(C, 0x0dL));
  }

  @Test
  void shouldDropMessagesUntilTheLinkIsUp() {
    SimulatedLink link = SimulatedLink.between(FAST, FAST).start();
    ByteBuf early = payload(1);

    link.a.send(A, B, early);
    link.clock.pass(MILLISECONDS.toNanos(10));

    assertThat(link.a.protocol.unsent()).isEqualTo(1);
    assertThat(early.refCnt()).isZero();
    assertThat(link.b.messages).isEmpty();
  }

  @Test
  void shouldNotSendWhatIsNoMessage() {
    SimulatedLink link = up();

    link.a.send(A, B, payload());
    link.a.send(A, B, Unpooled.buffer().writeZero(FrameLabel.MAX_PAYLOAD + 1));
    link.a.send(A, A, payload(1));
    link.a.send(A, B, Unpooled.buffer().writeZero(FrameLabel.MAX_PAYLOAD));
    link.clock.pass(MILLISECONDS.toNanos(2));

    assertThat(link.a.protocol.unsent()).isEqualTo(3);
    assertThat(link.b.messages).hasSize(1);
  }

  @Test
  void shouldNameTheSourceInControlFramesUntilTheFirstAcknowledgement() {
    cutToA = true;
    SimulatedLink link = cuttable().start();
    link.clock.pass(SECONDS.toNanos(2));
    int before = link.a.sent.size();
    cutToA = false;

    link.clock.pass(SECONDS.toNanos(5));

    int acknowledged =
        IntStream.range(0, link.a.sent.size())
            .filter(i -> (link.a.sent.get(i).control() & 1) == 0)
            .findFirst()
            .orElseThrow();
    assertThat(before).isGreaterThan(4);
    assertThat(acknowledged).isGreaterThanOrEqualTo(before);
    assertThat(link.a.sent.subList(0, acknowledged)).allMatch(f -> (f.control() & 5) == 5);
    assertThat(link.a.sent.subList(acknowledged, link.a.sent.size()))
        .isNotEmpty()
        .allMatch(f -> (f.control() & 5) == 4);
  }

  @Test
  void shouldSendAgainLaterAndLaterAndGiveUp() {
    cutToB = true;
    SimulatedLink link = cuttable();
    link.a.start();

    link.clock.pass(SECONDS.toNanos(60));

    List<Long> micros = link.a.sent.stream().map(f -> f.at() / 1000).toList();
    assertThat(micros.subList(0, 9))
        .containsExactly(
            0L,
            100_000L,
            250_000L,
            475_000L,
            812_500L,
            1_318_750L,
            2_078_125L,
            3_078_125L,
            4_078_125L);
    assertThat(micros).hasSize(34).last().isEqualTo(29_078_125L);
    assertThat(link.a.failure).isEqualTo("no acknowledgement for 30 s");
    assertThat(link.a.protocol.deadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void shouldGiveUpAnEndThatDoesNotIntroduceItself() {
    SimulatedLink link = SimulatedLink.between(FAST, FAST);
    link.a.start();

    link.clock.pass(SECONDS.toNanos(31));

    assertThat(link.a.failure).isEqualTo("no introduction for 30 s");
    assertThat(link.a.protocol.deadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void shouldWaitTwoRoundTripsBeforeItSendsAgain() {
    Impairment slow = Impairment.delay(MILLISECONDS.toNanos(200));
    SimulatedLink link =
        SimulatedLink.between(
            slow.then(Impairment.cut(() -> cutToB)), slow.then(Impairment.cut(() -> cutToA)));
    link.start();
    link.clock.pass(SECONDS.toNanos(20));
    assertThat(link.a.rtt).isEqualTo(MILLISECONDS.toMicros(400));
    cutToB = true;
    int before = link.a.sent.size();

    link.a.announce(List.of(new RouteAnnouncement(1, List.of(A), 7)));
    link.clock.pass(SECONDS.toNanos(3));

    List<Long> messages =
        link.a.sent.subList(before, link.a.sent.size()).stream()
            .filter(f -> f.bytes().length > 20)
            .map(f -> f.at() / 1_000_000 - 20_000)
            .toList();
    assertThat(messages).containsExactly(0L, 100L, 900L, 1900L, 2900L);
  }

  @Test
  void shouldGiveUpAnAnnouncementAfterThirtySeconds() {
    SimulatedLink link = cuttable().start();
    link.clock.pass(SECONDS.toNanos(1));
    cutToB = true;

    link.a.announce(List.of());
    link.clock.pass(SECONDS.toNanos(30) - 1);
    assertThat(link.a.failure).isNull();
    link.clock.pass(1);

    assertThat(link.a.failure).isEqualTo("no acknowledgement for 30 s");
  }

  @Test
  void shouldNameBothVersionsOnBothSides() {
    SimulatedLink link =
        SimulatedLink.between(settings(A), LinkProtocol.VERSION + 1, settings(B), FAST, FAST);

    link.start().clock.pass(SECONDS.toNanos(1));

    assertThat(link.a.told)
        .first()
        .isEqualTo(
            "failed: node %016x speaks link protocol version 1, this node version 2".formatted(B));
    assertThat(link.b.told)
        .first()
        .isEqualTo(
            "failed: node %016x speaks link protocol version 2, this node version 1".formatted(A));
  }

  @Test
  void shouldNameBothVersionsOnBothSidesOfALossyLink() {
    for (int seed = 0; seed < 50; seed++) {
      RandomGenerator random = new Random(seed);
      Impairment lossy = FAST.then(Impairment.loss(0.3, random));
      SimulatedLink link =
          SimulatedLink.between(settings(A), LinkProtocol.VERSION + 1, settings(B), lossy, lossy);

      link.start().clock.pass(SECONDS.toNanos(10));

      assertThat(link.a.failure).as("seed %d", seed).contains("version 1", "version 2");
      assertThat(link.b.failure).as("seed %d", seed).contains("version 1", "version 2");
    }
  }

  @Test
  void shouldRefuseALinkToItself() {
    SimulatedLink link =
        SimulatedLink.between(settings(A), LinkProtocol.VERSION, settings(A), FAST, FAST).start();

    link.clock.pass(SECONDS.toNanos(1));

    assertThat(link.a.failure).isEqualTo("node %016x is this node: a link to itself".formatted(A));
  }

  @Test
  void shouldRefuseAnotherNodeThanTheOneExpected() {
    SimulatedLink link =
        SimulatedLink.between(
                settings(A, OptionalLong.of(C)), LinkProtocol.VERSION, settings(B), FAST, FAST)
            .start();

    link.clock.pass(SECONDS.toNanos(1));

    assertThat(link.a.told)
        .first()
        .isEqualTo("failed: node: %016x (expected: %016x)".formatted(B, C));
  }

  @Test
  void shouldRefuseAFingerprintOfAnotherNode() {
    assertThatThrownBy(
            () ->
                new LinkProtocol.Settings(
                    A, SimulatedLink.fingerprint(B), "", true, false, OptionalLong.empty()))
        .hasMessage("fingerprint of 32 bytes (expected: 32 bytes that begin with %016x)", A);
  }

  @Test
  void shouldAnnounceInPartsThatFitIntoAFrame() {
    SimulatedLink link = up();
    List<RouteAnnouncement> all =
        LongStream.range(1, 2001)
            .mapToObj(d -> new RouteAnnouncement(d, List.of(-d, C, A), d * 10))
            .toList();

    link.a.announce(all);
    link.clock.pass(SECONDS.toNanos(5));

    assertThat(link.b.announced).isEqualTo(all);
    assertThat(link.a.sent).allMatch(f -> f.bytes().length <= FrameLabel.MAX_FRAME);
    assertThat(link.a.sent.stream().filter(f -> f.bytes().length > 1200).count()).isGreaterThan(50);
  }

  @Test
  void shouldAnnounceNothing() {
    SimulatedLink link = up();
    link.a.announce(List.of(new RouteAnnouncement(1, List.of(A), RouteAnnouncement.UNKNOWN)));
    link.clock.pass(MILLISECONDS.toNanos(30));
    assertThat(link.b.announced).hasSize(1);

    link.a.announce(List.of());
    link.clock.pass(MILLISECONDS.toNanos(30));

    assertThat(link.b.announced).isEmpty();
  }

  @Test
  void shouldSendOnlyTheNewestAnnouncementThatWaits() {
    SimulatedLink link = up();

    for (long d = 1; d <= 50; d++) {
      link.a.announce(List.of(new RouteAnnouncement(d, List.of(A), d)));
    }
    link.clock.pass(MILLISECONDS.toNanos(30));

    assertThat(link.b.told).filteredOn(t -> t.startsWith("announced")).hasSize(2);
    assertThat(link.b.announced).extracting(RouteAnnouncement::destination).containsExactly(50L);
  }

  @Test
  void shouldTellAnnouncementsNoFasterThanTheyCanBeDealtWith() {
    SimulatedLink link = up();

    for (long d = 1; d <= 100; d++) {
      link.a.announce(List.of(new RouteAnnouncement(d, List.of(A), d)));
      link.clock.pass(MILLISECONDS.toNanos(5));
    }
    link.clock.pass(MILLISECONDS.toNanos(20));

    assertThat(link.b.told).filteredOn(t -> t.startsWith("announced")).hasSizeBetween(20, 26);
    assertThat(link.b.announced).extracting(RouteAnnouncement::destination).containsExactly(100L);
  }

  @Test
  void shouldAnnounceFromTheFirstMoment() {
    SimulatedLink link = SimulatedLink.between(FAST, FAST);
    link.a.announce(List.of(new RouteAnnouncement(1, List.of(A), 7)));

    link.start().clock.pass(MILLISECONDS.toNanos(20));

    assertThat(link.b.told).containsSubsequence("up", "announced 1");
  }

  @Test
  void shouldMeasureTheRoundTrip() {
    SimulatedLink link = up();

    link.clock.pass(SECONDS.toNanos(2));

    assertThat(link.a.rtt).isEqualTo(2000);
    assertThat(link.b.rtt).isEqualTo(2000);
  }

  @Test
  void shouldPingOnMessagesIfThereAreAny() {
    SimulatedLink link = up();
    link.clock.pass(SECONDS.toNanos(5));
    int before = link.a.sent.size();

    for (int i = 0; i < 3000; i++) {
      link.a.send(A, B, payload(1));
      link.b.send(B, A, payload(1));
      link.clock.pass(MILLISECONDS.toNanos(10));
    }

    List<Integer> since = link.a.sent.stream().skip(before).map(f -> f.control() & 0x34).toList();
    assertThat(since).filteredOn(bits -> bits == 0x10).hasSizeGreaterThan(5);
    assertThat(since).filteredOn(bits -> (bits & 0x14) == 0x14).isEmpty();
  }

  @Test
  void shouldAnswerAPingOnAFrameOfTheSameTurn() {
    SimulatedLink link = up();
    ByteBuf ping = Unpooled.buffer();
    FrameLabel label = new FrameLabel(A);
    label.peer(B);
    label.control(false).ping(77).write(ping);
    int before = link.b.sent.size();

    link.b.protocol.receive(ping, link.clock.now());
    assertThat(link.b.protocol.deadline()).isLessThanOrEqualTo(link.clock.now());
    link.clock.pass(MICROSECONDS.toNanos(30));
    link.b.send(B, A, payload(5));

    FrameLabel answer = new FrameLabel(A);
    answer.peer(B);
    assertThat(link.b.sent).hasSize(before + 1);
    assertThat(answer.read(Unpooled.wrappedBuffer(link.b.sent.get(before).bytes()))).isNull();
    assertThat(answer.isControl()).isFalse();
    assertThat(answer.pong()).isEqualTo(77);
    assertThat(answer.queueMicros()).isEqualTo(30);
  }

  @Test
  void shouldKeepAnIdleLinkUp() {
    SimulatedLink link = up();

    link.clock.pass(SECONDS.toNanos(600));

    assertThat(link.a.told).doesNotContain("down").hasSize(2);
    assertThat(link.b.told).doesNotContain("down").hasSize(2);
    // At most a ping and a pong of each end each half second.
    assertThat(link.a.sent.size()).isBetween(1000, 2500);
  }

  @Test
  void shouldBeDownWithinTwoSecondsOfSilence() {
    SimulatedLink link = cuttable().start();
    link.clock.pass(SECONDS.toNanos(30));
    cutToA = true;
    cutToB = true;
    // A frame may be on its way.
    link.clock.pass(MILLISECONDS.toNanos(1));

    link.clock.pass(SECONDS.toNanos(2));

    assertThat(link.a.told).last().isEqualTo("down");
    assertThat(link.b.told).last().isEqualTo("down");
  }

  @Test
  void shouldNotBeDownBeforeThreePingsWereMissed() {
    SimulatedLink link = cuttable().start();
    link.clock.pass(SECONDS.toNanos(30));
    cutToA = true;
    cutToB = true;

    link.clock.pass(MILLISECONDS.toNanos(1490));

    assertThat(link.a.up).isTrue();
    assertThat(link.b.up).isTrue();
  }

  @Test
  void shouldComeUpAgainWithTheNextFrameAndTellWhatIsKnown() {
    SimulatedLink link = cuttable().start();
    link.a.announce(List.of(new RouteAnnouncement(1, List.of(A), 7)));
    link.clock.pass(SECONDS.toNanos(3));
    cutToA = true;
    cutToB = true;
    link.clock.pass(SECONDS.toNanos(10));
    assertThat(link.b.up).isFalse();
    long rtt = link.b.rtt;
    link.b.rtt = -1;
    cutToA = false;
    cutToB = false;

    link.clock.pass(MILLISECONDS.toNanos(510));

    assertThat(link.a.up).isTrue();
    assertThat(link.b.told).endsWith("announced 1", "down", "up", "announced 1");
    assertThat(link.b.rtt).isEqualTo(rtt);
  }

  @Test
  void shouldBeDownAtBothEndsIfOneDirectionIsCut() {
    SimulatedLink link = cuttable().start();
    link.clock.pass(SECONDS.toNanos(30));
    cutToB = true;

    link.clock.pass(SECONDS.toNanos(4));
    assertThat(link.a.up).isFalse();
    assertThat(link.b.up).isFalse();
    link.clock.pass(SECONDS.toNanos(100));

    assertThat(link.a.told).filteredOn(t -> t.equals("down")).hasSize(1);
    cutToB = false;
    link.clock.pass(SECONDS.toNanos(1));
    assertThat(link.a.up).isTrue();
    assertThat(link.b.up).isTrue();
  }

  @Test
  void shouldStayUpOnALossyLink() {
    for (int seed = 0; seed < 10; seed++) {
      RandomGenerator random = new Random(seed);
      Impairment lossy = FAST.then(Impairment.loss(0.1, random));
      SimulatedLink link = SimulatedLink.between(lossy, lossy).start();

      link.clock.pass(SECONDS.toNanos(600));

      assertThat(link.a.told).doesNotContain("down");
      assertThat(link.b.told).doesNotContain("down");
    }
  }

  @Test
  void shouldConvergeOverABadLink() {
    for (int seed = 0; seed < 20; seed++) {
      RandomGenerator random = new Random(seed);
      Impairment bad =
          FAST.then(Impairment.loss(0.2, random))
              .then(Impairment.repetition(0.2, random))
              .then(Impairment.jitter(MILLISECONDS.toNanos(50), random));
      SimulatedLink link = SimulatedLink.between(bad, bad).start();
      List<RouteAnnouncement> all =
          LongStream.range(1, 500).mapToObj(d -> new RouteAnnouncement(d, List.of(A), d)).toList();

      link.a.announce(all);
      link.clock.pass(SECONDS.toNanos(60));

      assertThat(link.b.announced).as("seed %d", seed).isEqualTo(all);
      assertThat(link.a.failure).isNull();
    }
  }

  /** As on a serial line, which does not tell that the process at its other end is another one. */
  @Test
  void shouldFailWhenTheOtherEndHasBegunAnew() {
    SimulatedLink link = SimulatedLink.between(FAST, FAST).start();
    link.clock.pass(SECONDS.toNanos(10));

    link.b.startAnew();
    link.clock.pass(SECONDS.toNanos(4));

    assertThat(link.a.failure).isEqualTo("node %016x has begun anew".formatted(B));
  }

  @Test
  void shouldBearAnIntroductionOfLongAgo() {
    SimulatedLink link = SimulatedLink.between(FAST, FAST).start();
    link.clock.pass(SECONDS.toNanos(10));
    SimulatedLink before = SimulatedLink.between(FAST, FAST);
    before.b.startAnew();

    for (int i = 0; i < 100; i++) {
      link.a.onFrame(Unpooled.copiedBuffer(before.b.sent.get(0).bytes()));
      link.a.onIdle();
      link.clock.pass(MILLISECONDS.toNanos(100));
    }

    assertThat(link.a.failure).isNull();
    assertThat(link.a.up).isTrue();
    assertThat(link.a.protocol.controlDrops()).isGreaterThanOrEqualTo(100);
  }
}
