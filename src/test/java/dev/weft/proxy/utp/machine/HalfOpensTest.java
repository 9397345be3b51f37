package dev.weft.proxy.utp.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HalfOpensTest {
  private static final long SECOND = 1_000_000;
  private static final InetSocketAddress FROM = new InetSocketAddress("192.0.2.1", 6881);

  private final HalfOpens halfOpens = new HalfOpens(new Random(1)::nextInt);

  private static UtpHeader packet(UtpType type, int id, int seq, int ack) {
    return new UtpHeader(type, id, 1, 0, 1000, seq, ack, UtpHeader.NONE);
  }

  private static UtpHeader read(byte[] answer) {
    return UtpHeader.read(ByteBuffer.wrap(answer)).orElseThrow();
  }

  @Test
  void shouldConfirmByTheNumberOfTheAnswer() {
    UtpHeader answer = read(halfOpens.answer(FROM, packet(UtpType.SYN, 7, 100, 0), SECOND));
    UtpHeader data = packet(UtpType.DATA, 8, 101, answer.seq() - 1 & 0xffff);

    assertThat(answer).extracting(UtpHeader::id, UtpHeader::ack).containsExactly(7, 100);
    assertThat(halfOpens.confirmed(FROM, data)).isPresent();
    assertThat(halfOpens.size()).isZero();
  }

  @Test
  void shouldNotConfirmByGuessedNumber() {
    UtpHeader answer = read(halfOpens.answer(FROM, packet(UtpType.SYN, 7, 100, 0), SECOND));

    assertThat(halfOpens.confirmed(FROM, packet(UtpType.DATA, 8, 101, answer.seq()))).isEmpty();
    assertThat(halfOpens.knows(FROM, 8)).isTrue();
  }

  @Test
  void shouldAnswerRepeatedSynTheSame() {
    UtpHeader syn = packet(UtpType.SYN, 7, 100, 0);

    int first = read(halfOpens.answer(FROM, syn, SECOND)).seq();

    assertThat(read(halfOpens.answer(FROM, syn, 2 * SECOND)).seq()).isEqualTo(first);
  }

  @Test
  void shouldHoldFewInFlood() {
    for (int i = 0; i < 50_000; i++) {
      InetSocketAddress spoofed = new InetSocketAddress("198.51.100." + i % 250, 1 + i % 60_000);
      halfOpens.answer(spoofed, packet(UtpType.SYN, i & 0xffff, i & 0xffff, 0), i);
    }

    assertThat(halfOpens.size()).isEqualTo(HalfOpens.MOST);
    assertThat(halfOpens.forgotten()).isEqualTo(50_000 - HalfOpens.MOST);
  }

  @Test
  void shouldForgetWhatNobodyConfirms() {
    halfOpens.answer(FROM, packet(UtpType.SYN, 7, 100, 0), SECOND);

    halfOpens.answer(FROM, packet(UtpType.SYN, 9, 100, 0), 30 * SECOND);

    assertThat(halfOpens.size()).isEqualTo(1);
  }
}
