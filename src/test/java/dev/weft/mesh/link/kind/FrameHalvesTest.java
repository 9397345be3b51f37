package dev.weft.mesh.link.kind;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FrameHalvesTest {
  private final FrameHalves halves = new FrameHalves();
  private final List<ByteBuf> given = new ArrayList<>();

  /** What comes of a half; null if nothing does. */
  private String add(int id, boolean first, String text) {
    ByteBuf bytes =
        Unpooled.wrappedBuffer(("-" + text + "+").getBytes(UTF_8), 1, text.length() + 1);
    given.add(bytes);
    ByteBuf frame = halves.add(id, first, bytes, text.length());
    if (frame == null) {
      return null;
    }
    String whole = new String(ByteBufUtil.getBytes(frame), UTF_8);
    frame.release();
    return whole;
  }

  @AfterEach
  void shouldHoldNothingWhenClosed() {
    halves.close();
    given.forEach(ByteBuf::release);
    assertThat(given).allSatisfy(bytes -> assertThat(bytes.refCnt()).isZero());
  }

  @Test
  void shouldPutHalvesTogetherInEitherOrder() {
    assertThat(add(1, true, "left")).isNull();
    assertThat(add(1, false, "right")).isEqualTo("leftright");
    assertThat(add(2, false, "right")).isNull();
    assertThat(add(2, true, "left")).isEqualTo("leftright");
  }

  @Test
  void shouldKeepFramesApartThatCrossMixed() {
    add(1, true, "a");
    add(2, true, "b");

    assertThat(add(2, false, "2")).isEqualTo("b2");
    assertThat(add(1, false, "1")).isEqualTo("a1");
  }

  @Test
  void shouldGiveAFrameOnce() {
    add(1, true, "a");
    add(1, false, "1");

    assertThat(add(1, false, "1")).isNull();
  }

  @Test
  void shouldNotPutTheSameHalfTogetherWithItself() {
    add(1, true, "a");

    assertThat(add(1, true, "a")).isNull();
    assertThat(add(1, false, "1")).isEqualTo("a1");
  }

  @Test
  void shouldForgetAFrameForANewerOne() {
    add(1, true, "old");
    for (int id = 2; id < 40; id++) {
      add(id, true, "new");
    }

    assertThat(add(1, false, "old")).isNull();
    assertThat(add(39, false, "!")).isEqualTo("new!");
  }

  @Test
  void shouldPutNothingTogetherThatIsLongerThanAFrame() {
    ByteBuf much = UnpooledByteBufAllocator.DEFAULT.buffer().writeZero(1000);
    given.add(much);

    assertThat(halves.add(3, true, much, 1000)).isNull();
    assertThat(halves.add(3, false, much, 1000)).isNull();
  }
}
