package dev.weft.proxy.utp.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How connections begin, pause and end, and what they do with what nobody should send. */
class UtpConnectionTest {
  private static final long SECOND = 1_000_000;
  private static final long MINUTE = 60 * SECOND;

  private final Simulation simulation = new Simulation();
  private final Random random = new Random(3);
  private final SimulatedEnd a = new SimulatedEnd(simulation, random);
  private final SimulatedEnd b = new SimulatedEnd(simulation, random);
  private final SimulatedPath there = new SimulatedPath(simulation, random, b::arrived);
  private final SimulatedPath back = new SimulatedPath(simulation, random, a::arrived);

  UtpConnectionTest() {
    a.out = there;
    b.out = back;
    a.endWhenWritten = false;
    b.endWhenWritten = false;
  }

  private void connect() {
    a.toWrite = 1;
    a.dial();
    simulation.run(SECOND, () -> b.got == 1);
    assertThat(b.got).isEqualTo(1);
  }

  private void pass(long micros) {
    simulation.run(micros, () -> false);
  }

  private void spoof(UtpType type, int id, long seq, long ack) {
    byte[] bytes = new byte[UtpHeader.LENGTH];
    new UtpHeader(type, id, 0, 0, 0, Sequence.wire(seq), Sequence.wire(ack), UtpHeader.NONE)
        .write(bytes);
    a.connection.arrived(
        UtpHeader.read(ByteBuffer.wrap(bytes)).orElseThrow(), ByteBuffer.allocate(0));
    a.settle();
  }

  @Test
  void shouldGiveUpWhereNobodyAnswers() {
    there.loss = 1;

    a.dial();
    pass(20 * SECOND);

    assertThat(a.ending).isEqualTo(UtpEnding.UNANSWERED);
    assertThat(there.sent).isLessThan(10);
  }

  @Test
  void shouldConnectThoughFirstAnswerIsLost() {
    back.loss = 1;
    a.dial();
    pass(SECOND / 2);
    back.loss = 0;

    simulation.run(10 * SECOND, () -> a.connected);

    assertThat(a.connected).isTrue();
  }

  @Test
  void shouldEndWithPeerThatNeverAcknowledges() {
    connect();
    b.mute = true;
    a.toWrite = Long.MAX_VALUE;
    a.settle();

    pass(MINUTE);

    assertThat(a.ending).isEqualTo(UtpEnding.UNACKNOWLEDGED);
    assertThat(a.written).as("bytes that are held").isLessThan(2 << 20);
    assertThat(a.connection.isClosed()).isTrue();
  }

  @Test
  void shouldWaitForClosedWindowWithinBounds() {
    connect();
    b.reads = false;
    a.toWrite = 10 << 20;
    a.settle();

    pass(30 * MINUTE);

    assertThat(a.ending).isNull();
    assertThat(b.unread).isLessThanOrEqualTo(ReceiveWindow.CAPACITY);
    assertThat(a.written - b.got).as("bytes that are held").isLessThan(2 << 20);
    assertThat(there.sent).as("packets of half an hour").isLessThan(6000);
  }

  @Test
  void shouldGoOnAtOnceWhenWindowOpens() {
    connect();
    b.reads = false;
    a.toWrite = 10 << 20;
    a.settle();
    pass(10 * MINUTE);

    b.readAll();
    simulation.run(5 * SECOND, () -> b.got == a.toWrite);

    assertThat(b.got).isEqualTo(a.toWrite);
    assertThat(b.wrong).isFalse();
  }

  @Test
  void shouldEndDirectionsByThemselves() {
    connect();
    a.connection.end();
    a.settle();
    simulation.run(SECOND, () -> b.ended);
    assertThat(a.ending).isNull();

    b.toWrite = 1 << 20;
    b.endWhenWritten = true;
    b.settle();
    simulation.run(10 * SECOND, () -> a.ending != null && b.ending != null);

    assertThat(a.got).isEqualTo(1 << 20);
    assertThat(a.ending).isEqualTo(UtpEnding.DONE);
    assertThat(b.ending).isEqualTo(UtpEnding.DONE);
  }

  @Test
  void shouldBeForgottenSoonAfterItsEnd() {
    connect();
    a.connection.end();
    b.connection.end();
    a.settle();
    b.settle();

    simulation.run(10 * SECOND, () -> a.connection.isClosed() && b.connection.isClosed());

    assertThat(a.connection.isClosed() && b.connection.isClosed()).isTrue();
  }

  @Test
  void shouldStayWhileIdle() {
    connect();

    pass(30 * MINUTE);
    a.toWrite = 1000;
    a.settle();
    simulation.run(SECOND, () -> b.got == 1000);

    assertThat(b.got).isEqualTo(1000);
    assertThat(there.sent).isLessThan(80);
  }

  @Test
  void shouldNoticeThatIdlePeerIsGone() {
    connect();
    there.loss = 1;
    back.loss = 1;

    pass(2 * MINUTE);

    assertThat(a.ending).isEqualTo(UtpEnding.SILENT);
    assertThat(b.ending).isEqualTo(UtpEnding.SILENT);
  }

  @Test
  void shouldGoOnSoonAfterPathWasAway() {
    connect();
    a.toWrite = 200 << 20;
    a.settle();
    pass(SECOND);
    there.loss = 1;
    back.loss = 1;
    pass(20 * SECOND);
    long before = b.got;
    there.loss = 0;
    back.loss = 0;

    pass(5 * SECOND);

    assertThat(b.got).isGreaterThan(before);
  }

  @Test
  void shouldTellOtherEndThatItIsBrokenOff() {
    connect();

    b.connection.abort();
    pass(SECOND);

    assertThat(b.ending).isEqualTo(UtpEnding.BROKEN_OFF);
    assertThat(a.ending).isEqualTo(UtpEnding.RESET);
  }

  @Test
  void shouldNotBelieveResetWithImplausibleNumber() {
    connect();
    long next = a.connection.stand().ignored();

    for (int ack = 0; ack < 65_536; ack += 97) {
      int wrong = ack;
      if (Math.abs((short) (wrong - a.connection.nextSequence())) > 5) {
        spoof(UtpType.RESET, a.connection.sendId(), 0, wrong);
      }
    }

    assertThat(a.ending).isNull();
    assertThat(a.connection.stand().ignored()).isGreaterThan(next + 600);
  }

  @Test
  void shouldIgnoreAcknowledgementOfWhatWasNotSent() {
    connect();
    long before = a.connection.stand().ignored();

    spoof(UtpType.STATE, a.connection.receiveId(), 0, a.connection.nextSequence() + 5);
    a.toWrite = 100_000;
    a.settle();
    simulation.run(5 * SECOND, () -> b.got == 100_000);

    assertThat(a.connection.stand().ignored()).isEqualTo(before + 1);
    assertThat(b.got).isEqualTo(100_000);
    assertThat(b.wrong).isFalse();
  }

  @Test
  void shouldUseLargePacketsWhereTheyComeThrough() {
    connect();
    a.toWrite = 1 << 20;
    a.settle();

    simulation.run(10 * SECOND, () -> b.got == a.toWrite);

    assertThat(a.connection.stand().packetSize()).isEqualTo(1372);
  }

  @Test
  void shouldUseSmallPacketsWhereLargeOnesAreLost() {
    there.mtu = 1300;
    connect();
    a.toWrite = 1 << 20;
    a.settle();

    simulation.run(10 * SECOND, () -> b.got == a.toWrite);

    assertThat(b.got).isEqualTo(a.toWrite);
    assertThat(a.connection.stand().packetSize()).isEqualTo(1252);
    assertThat(there.dropped).isBetween(1L, 3L);
  }

  @Test
  void shouldPackSmallWritesWhileManyAreUnderWay() {
    connect();
    for (int i = 2; i <= 1000; i++) {
      a.toWrite = i;
      a.settle();
    }

    simulation.run(SECOND, () -> b.got == 1000);

    assertThat(b.got).isEqualTo(1000);
    assertThat(there.sent).isLessThan(40);
  }

  @Test
  void shouldSurviveGarbageWithItsIds() {
    connect();
    Random garbage = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      UtpType type = garbage.nextBoolean() ? UtpType.STATE : UtpType.SYN;
      int far = 2000 + garbage.nextInt(60_000);
      spoof(type, a.connection.receiveId(), garbage.nextInt(), a.connection.nextSequence() + far);
    }
    a.toWrite = 1 << 20;
    a.settle();
    simulation.run(20 * SECOND, () -> b.got == a.toWrite);

    assertThat(b.got).isEqualTo(a.toWrite);
    assertThat(b.wrong).isFalse();
  }

  @Test
  void shouldSurviveNonsenseThatLooksPlausible() {
    Random nonsense = new Random(7);
    for (int round = 0; round < 20; round++) {
      UtpConnectionTest pair = new UtpConnectionTest();
      pair.connect();
      pair.a.toWrite = 3 << 20;
      pair.a.settle();
      for (int i = 0; i < 2000 && !pair.a.connection.isClosed(); i++) {
        byte[] bytes = new byte[200];
        nonsense.nextBytes(bytes);
        int type = new int[] {0, 0, 1, 2, 2, 4}[nonsense.nextInt(6)];
        bytes[0] = (byte) (type << 4 | 1);
        bytes[1] = (byte) nonsense.nextInt(2);
        put(bytes, 2, pair.a.connection.receiveId());
        put(bytes, 18, (int) pair.a.connection.nextSequence() - nonsense.nextInt(300) - 1);
        bytes[21] = (byte) (4 * nonsense.nextInt(40));
        bytes[20] = 0;
        pair.a.arrived(bytes);
        if (nonsense.nextInt(20) == 0) {
          pair.pass(nonsense.nextInt(100_000));
        }
        assertThat(pair.a.connection.stand().underWay()).isBetween(0, 2 << 20);
      }
      pair.pass(3 * MINUTE);
      assertThat(pair.a.written).isLessThanOrEqualTo(pair.a.toWrite);
    }
  }

  private static void put(byte[] bytes, int at, int value) {
    bytes[at] = (byte) (value >> 8);
    bytes[at + 1] = (byte) value;
  }
}
