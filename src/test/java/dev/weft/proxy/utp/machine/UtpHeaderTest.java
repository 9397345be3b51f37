package dev.weft.proxy.utp.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UtpHeaderTest {
  private static ByteBuffer hex(String digits) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(digits.replace(" ", "")));
  }

  @Test
  void shouldReadSyn() {
    ByteBuffer datagram = hex("41 00 1234 00000001 00000000 00100000 abcd 0000");

    assertThat(UtpHeader.read(datagram))
        .contains(new UtpHeader(UtpType.SYN, 0x1234, 1, 0, 1 << 20, 0xabcd, 0, UtpHeader.NONE));
  }

  @Test
  void shouldReadMaskAndSkipUnknownExtensions() {
    ByteBuffer datagram =
        hex(
            "21 02 0001 ffffffff 00000002 00000003 0004 0005"
                + "01 08 0000000000000000  63 04 05000080  00 03 aabbcc  eeff");

    UtpHeader header = UtpHeader.read(datagram).orElseThrow();

    assertThat(header.later()).isEqualTo(BitSet.valueOf(new long[] {0x80000005L}));
    assertThat(header.timestamp()).isEqualTo(0xffffffffL);
    assertThat(datagram.remaining()).isEqualTo(2);
  }

  @Test
  void shouldWriteWhatItReads() {
    BitSet later = new BitSet();
    later.set(3);
    later.set(40);
    UtpHeader header = new UtpHeader(UtpType.STATE, 7, 8, 9, 10, 11, 12, later);
    byte[] bytes = new byte[UtpHeader.LONGEST];

    int length = header.write(bytes);

    assertThat(length).isEqualTo(UtpHeader.LENGTH + 2 + 8);
    assertThat(UtpHeader.read(ByteBuffer.wrap(bytes, 0, length))).contains(header);
  }

  @Test
  void shouldReadPaddedPacketAsIfItHadNone() {
    byte[] packet = new byte[UtpHeader.LENGTH + 3];
    UtpHeader header = new UtpHeader(UtpType.DATA, 7, 8, 9, 10, 11, 12, UtpHeader.NONE);
    header.write(packet);
    packet[22] = 5;

    ByteBuffer padded = ByteBuffer.wrap(UtpHeader.padded(packet, packet.length, 120));

    assertThat(padded.remaining()).isEqualTo(packet.length + 120);
    assertThat(UtpHeader.read(padded)).contains(header);
    assertThat(padded.remaining()).isEqualTo(3);
    assertThat(padded.get(padded.position() + 2)).isEqualTo((byte) 5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "01",
        "41 00 1234 00000001 00000000 00100000 abcd 00",
        "42 00 1234 00000001 00000000 00100000 abcd 0000",
        "51 00 1234 00000001 00000000 00100000 abcd 0000",
        "f1 00 1234 00000001 00000000 00100000 abcd 0000",
        "21 01 1234 00000001 00000000 00100000 abcd 0000",
        "21 01 1234 00000001 00000000 00100000 abcd 0000 00",
        "21 01 1234 00000001 00000000 00100000 abcd 0000 00 04 000000",
        "21 01 1234 00000001 00000000 00100000 abcd 0000 07 00"
      })
  void shouldNotTakeForPacket(String digits) {
    assertThat(UtpHeader.read(hex(digits))).isEmpty();
  }

  @Test
  void shouldReadAnythingWithoutFailing() {
    Random random = new Random(29);
    for (int i = 0; i < 200_000; i++) {
      byte[] garbage = new byte[random.nextInt(80)];
      random.nextBytes(garbage);
      if (garbage.length > 0 && random.nextBoolean()) {
        garbage[0] = (byte) (random.nextInt(5) << 4 | 1);
      }
      ByteBuffer datagram = ByteBuffer.wrap(garbage);

      UtpHeader.read(datagram)
          .ifPresent(header -> assertThat(header.later().length()).isLessThanOrEqualTo(255 * 8));
    }
  }
}
