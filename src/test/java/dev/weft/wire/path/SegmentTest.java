package dev.weft.wire.path;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Collection;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SegmentTest {
  private static final String A = "020000000001";
  private static final String B = "020000000002";
  private static final String ALL = "ffffffffffff";

  private final Segment segment = new Segment(() -> 0);
  private final SegmentPort one = segment.port(new TrafficCounter());
  private final SegmentPort two = segment.port(new TrafficCounter());
  private final SegmentPort three = segment.port(new TrafficCounter());

  @Test
  void shouldFloodUntilItKnowsWhereAnAddressIs() {
    assertThat(send(one, B, A)).containsExactly(one, two, three);

    assertThat(send(two, A, B)).containsExactly(one);
    assertThat(send(one, B, A)).containsExactly(two);
    assertThat(send(three, ALL, "020000000003")).containsExactly(one, two, three);
  }

  @Test
  void shouldLearnNoGroupAddress() {
    send(one, ALL, "01005e000001");

    assertThat(send(two, "01005e000001", B)).containsExactly(one, two, three);
  }

  @Test
  void shouldFloodAgainAfterThePortIsGone() {
    send(one, ALL, A);
    one.close();

    assertThat(send(two, A, B)).containsExactly(two, three);
  }

  @ParameterizedTest
  @CsvSource({"0e, true", "02, true", "00, false", "01, false", "0f, false"})
  void shouldPassLinkLocalFramesThatItIsAskedFor(String last, boolean passes) {
    segment.passes(1 << 2 | 1 << 14);

    assertThat(send(one, "0180c20000" + last, A).isEmpty()).isEqualTo(!passes);
  }

  @Test
  void shouldPassOtherGroupsOfTheSameKind() {
    assertThat(send(one, "0180c2000014", A)).as("IS-IS").hasSize(3);
  }

  private Collection<SegmentPort> send(SegmentPort from, String to, String sender) {
    ByteBuf frame = Unpooled.wrappedBuffer(HexFormat.of().parseHex("00" + to + sender + "0800"));
    return segment.towards(from, frame, 1);
  }
}
