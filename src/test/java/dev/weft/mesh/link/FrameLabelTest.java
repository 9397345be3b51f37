package dev.weft.mesh.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameLabelTest {
  private static final long A = 0x1112_1314_1516_1718L;
  private static final long B = 0x2122_2324_2526_2728L;
  private static final long C = 0x3132_3334_3536_3738L;

  private final FrameLabel sender = new FrameLabel(A);
  private final FrameLabel receiver = new FrameLabel(B);

  private void introduce() {
    sender.peer(B);
    receiver.peer(A);
  }

  private static String bytes(FrameLabel label, int... payload) {
    ByteBuf frame = Unpooled.buffer();
    for (int b : payload) {
      frame.writeByte(b);
    }
    label.write(frame);
    return ByteBufUtil.hexDump(frame);
  }

  private BadFrame read(String hex) {
    return receiver.read(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex)));
  }

  @Test
  void shouldLeaveOutBothEndsOfTheLink() {
    introduce();

    assertThat(bytes(sender.message(A, B), 0xaa)).isEqualTo("aa" + "00");
  }

  @Test
  void shouldNameOtherNodesDestinationFirst() {
    introduce();

    assertThat(bytes(sender.message(C, 0x41), 0xaa))
        .isEqualTo("aa" + "4100000000000000" + "3837363534333231" + "03");
  }

  @Test
  void shouldNameTheDestinationOfAnUnknownPeer() {
    assertThat(bytes(sender.message(A, B))).isEqualTo("2827262524232221" + "02");
  }

  @Test
  void shouldWriteEveryField() {
    introduce();

    String frame =
        bytes(sender.message(C, 0x41).ping(0x51).pong(0x61, 0x71).debugToken(0x81), 0xaa, 0xbb);

    assertThat(frame)
        .isEqualTo(
            "aabb"
                + "4100000000000000"
                + "3837363534333231"
                + "5100000000000000"
                + "6100000000000000"
                + "7100000000000000"
                + "8100000000000000"
                + "b3")
        .hasSize(2 * (2 + FrameLabel.MAX_LABEL));
  }

  @Test
  void shouldNameTheSourceOfAControlFrameIfAsked() {
    assertThat(bytes(sender.control(true))).isEqualTo("1817161514131211" + "05");
    assertThat(bytes(sender.control(false))).isEqualTo("04");
  }

  @Test
  void shouldWriteAPingAlone() {
    assertThat(bytes(sender.control(false).ping(0x0102))).isEqualTo("0201000000000000" + "14");
  }

  @Test
  void shouldLeaveThePayload() {
    introduce();
    ByteBuf frame = Unpooled.buffer().writeBytes(new byte[] {9, 8, 7});
    sender.message(C, B).ping(5).write(frame);

    receiver.read(frame);

    assertThat(ByteBufUtil.hexDump(frame)).isEqualTo("090807");
  }

  @ParameterizedTest
  @CsvSource({
    "'', EMPTY",
    "08, UNKNOWN_BIT",
    "40, UNKNOWN_BIT",
    "ff, UNKNOWN_BIT",
    // Control with a destination, even where it is the receiver.
    "28272625242322210000000000000000 07, CONTROL_DESTINATION",
    "06, CONTROL_DESTINATION",
    // One byte short of what each bit announces.
    "18171615141312 05, SHORT",
    "00000000000000 14, SHORT",
    "000000000000000000000000000000 24, SHORT",
    "00000000000000 84, SHORT",
    "000000000000000000000000000000 03, SHORT",
    // Source and destination the same: both named, source left out, destination left out.
    "41000000000000004100000000000000 03, SAME_NODE",
    "1817161514131211 02, SAME_NODE",
    "2827262524232221 01, SAME_NODE"
  })
  void shouldRefuseBadFrames(String hex, BadFrame reason) {
    introduce();

    assertThat(read(hex.replace(" ", ""))).isEqualTo(reason);
  }

  @Test
  void shouldRefuseALeftOutSourceOfAnUnknownPeer() {
    assertThat(read("04")).isEqualTo(BadFrame.UNKNOWN_PEER);
    assertThat(read("2827262524232221" + "02")).isEqualTo(BadFrame.UNKNOWN_PEER);
  }

  @Test
  void shouldRefuseAFrameThatNoLinkCarries() {
    introduce();

    assertThat(receiver.read(Unpooled.buffer().writeZero(FrameLabel.MAX_FRAME + 1)))
        .isEqualTo(BadFrame.TOO_LONG);
    assertThat(receiver.read(Unpooled.buffer().writeZero(FrameLabel.MAX_FRAME))).isNull();
  }

  @Test
  void shouldAcceptIdsThatCouldHaveBeenLeftOut() {
    introduce();

    assertThat(read("2827262524232221" + "1817161514131211" + "03")).isNull();
    assertThat(receiver.source()).isEqualTo(A);
    assertThat(receiver.destination()).isEqualTo(B);
  }

  @Property
  void shouldReadMessagesAsTheyWereWritten(
      @ForAll @Size(max = 40) byte[] payload,
      @ForAll @IntRange(max = 3) int from,
      @ForAll @IntRange(max = 3) int to,
      @ForAll long any,
      @ForAll @IntRange(max = 7) int fields,
      @ForAll long ping,
      @ForAll long pong,
      @ForAll long micros,
      @ForAll long token,
      @ForAll boolean known) {
    long source = known ? new long[] {A, B, C, any}[from] : C;
    long destination = new long[] {A, B, C, any}[to];
    if (source == destination) {
      return;
    }
    if (known) {
      introduce();
    }
    sender.message(source, destination);
    withFields(fields, ping, pong, micros, token);
    ByteBuf frame = Unpooled.buffer().writeBytes(payload);

    int length = sender.length();
    sender.write(frame);

    assertThat(frame.readableBytes()).isEqualTo(payload.length + length);
    assertThat(length).isLessThanOrEqualTo(FrameLabel.MAX_LABEL);
    assertThat(receiver.read(frame)).isNull();
    assertThat(receiver.isControl()).isFalse();
    assertThat(receiver.source()).isEqualTo(source);
    assertThat(receiver.destination()).isEqualTo(destination);
    assertFields(fields, ping, pong, micros, token);
    assertThat(ByteBufUtil.getBytes(frame)).isEqualTo(payload);
  }

  @Property
  void shouldReadControlFramesAsTheyWereWritten(
      @ForAll @Size(max = 40) byte[] payload,
      @ForAll boolean known,
      @ForAll @IntRange(max = 7) int fields,
      @ForAll long ping,
      @ForAll long pong,
      @ForAll long micros,
      @ForAll long token) {
    if (known) {
      introduce();
    }
    sender.control(!known);
    withFields(fields, ping, pong, micros, token);
    ByteBuf frame = Unpooled.buffer().writeBytes(payload);

    sender.write(frame);

    assertThat(receiver.read(frame)).isNull();
    assertThat(receiver.isControl()).isTrue();
    assertThat(receiver.source()).isEqualTo(A);
    assertFields(fields, ping, pong, micros, token);
    assertThat(ByteBufUtil.getBytes(frame)).isEqualTo(payload);
  }

  @Property
  void shouldLeaveABadFrameAsItWas(@ForAll @Size(max = 60) byte[] bytes, @ForAll boolean known) {
    if (known) {
      introduce();
    }
    ByteBuf frame = Unpooled.copiedBuffer(bytes);

    BadFrame reason = receiver.read(frame);

    if (reason != null) {
      assertThat(ByteBufUtil.getBytes(frame)).isEqualTo(bytes);
    } else {
      assertThat(frame.readableBytes()).isEqualTo(bytes.length - receiver.length());
    }
  }

  private void withFields(int fields, long ping, long pong, long micros, long token) {
    if ((fields & 1) != 0) {
      sender.ping(ping);
    }
    if ((fields & 2) != 0) {
      sender.pong(pong, micros);
    }
    if ((fields & 4) != 0) {
      sender.debugToken(token);
    }
  }

  private void assertFields(int fields, long ping, long pong, long micros, long token) {
    assertThat(receiver.hasPing()).isEqualTo((fields & 1) != 0);
    assertThat(receiver.hasPong()).isEqualTo((fields & 2) != 0);
    assertThat(receiver.hasDebugToken()).isEqualTo((fields & 4) != 0);
    if (receiver.hasPing()) {
      assertThat(receiver.ping()).isEqualTo(ping);
    }
    if (receiver.hasPong()) {
      assertThat(receiver.pong()).isEqualTo(pong);
      assertThat(receiver.queueMicros()).isEqualTo(micros);
    }
    if (receiver.hasDebugToken()) {
      assertThat(receiver.debugToken()).isEqualTo(token);
    }
  }
}
