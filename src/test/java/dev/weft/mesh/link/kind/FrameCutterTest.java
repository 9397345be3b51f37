package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.mesh.link.FrameLabel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FrameCutterTest {
  private final List<byte[]> frames = new ArrayList<>();
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);
  private final FrameCutter cutter = new FrameCutter(allocator);

  private int cut(byte[] bytes) {
    return cutter.cut(
        Unpooled.wrappedBuffer(bytes), frame -> frames.add(ByteBufUtil.getBytes(frame)));
  }

  private static byte[] stream(List<byte[]> frames) {
    ByteBuf stream = Unpooled.buffer();
    frames.forEach(frame -> stream.writeShortLE(frame.length - 1).writeBytes(frame));
    return ByteBufUtil.getBytes(stream);
  }

  @Provide
  static Arbitrary<byte[]> frame() {
    return Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(FrameLabel.MAX_FRAME);
  }

  @Property(tries = 200)
  void shouldGiveTheFramesHoweverTheStreamIsTornApart(
      @ForAll @Size(max = 20) List<@net.jqwik.api.From("frame") byte[]> sent,
      @ForAll @Size(min = 1, max = 20) List<@IntRange(min = 1, max = 2000) Integer> pieces) {
    byte[] stream = stream(sent);
    frames.clear();

    for (int at = 0, i = 0; at < stream.length; i++) {
      int length = Math.min(pieces.get(i % pieces.size()), stream.length - at);
      byte[] piece = new byte[length];
      System.arraycopy(stream, at, piece, 0, length);
      assertThat(cut(piece)).isZero();
      at += length;
    }

    assertThat(frames).usingElementComparator(java.util.Arrays::compare).isEqualTo(sent);
    assertThat(allocator.metric().usedDirectMemory()).isZero();
  }

  @Test
  void shouldReadALengthThatIsOneLess() {
    cut(new byte[] {0, 0, 'a', 4, 0, 'h', 'e', 'l', 'l', 'o'});

    assertThat(frames)
        .containsExactly(
            "a".getBytes(StandardCharsets.US_ASCII), "hello".getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void shouldEndAtAFrameThatIsTooLong() {
    // 1401 - 1 = 0x0578, in two pieces and in one.
    cut(new byte[] {0x78});

    assertThat(cut(new byte[] {0x05, 1, 2})).isEqualTo(1401);
    assertThat(new FrameCutter(allocator).cut(Unpooled.wrappedBuffer(new byte[] {-1, -1}), f -> {}))
        .isEqualTo(65536);
    assertThat(frames).isEmpty();
  }

  @Test
  void shouldGiveNothingAfterItWasClosedInBetween() {
    byte[] two = stream(List.of(new byte[] {1}, new byte[] {2}));

    cutter.cut(
        Unpooled.wrappedBuffer(two),
        frame -> {
          frames.add(ByteBufUtil.getBytes(frame));
          cutter.close();
        });

    assertThat(frames).containsExactly(new byte[] {1});
  }
}
