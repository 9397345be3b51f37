package dev.weft.wire.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.linux.VnetHeader;
import dev.weft.wire.path.PacketWriter.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Super-frames, for peers that take them and for others. */
class PacketWriterTest {
  private static final int HEADERS = 14 + 20 + 20;
  private static final int SEGMENT = 1446;

  @ParameterizedTest
  @CsvSource({
    "PLAIN, 20000, 1500",
    "VNET, 20000, 20000",
    "VNET, 65549, 65549",
    "VNET_UDP, 65549, 65549",
    "VNET, 65550, 1500",
    "VNET_UDP, 130000, 1500",
    "BIG_TCP, 130000, 130000"
  })
  void shouldCutWhatThePeerCannotTake(Peer peer, int length, int longest) {
    List<Integer> lengths = written(tcp(length), peer);

    int frames = longest == length ? 1 : (length - HEADERS + SEGMENT - 1) / SEGMENT;
    assertThat(lengths).hasSize(frames);
    assertThat(lengths).first().isEqualTo(longest);
    assertThat(lengths.stream().mapToInt(l -> l - HEADERS).sum()).isEqualTo(length - HEADERS);
  }

  @Test
  void shouldCutNoFrameThatIsWholeForAnybody() {
    assertThat(written(ByteBuffer.allocate(9014), Peer.PLAIN, VnetHeader.NONE, 0))
        .containsExactly(9014);
  }

  private static ByteBuffer tcp(int length) {
    ByteBuffer frame = ByteBuffer.allocate(length);
    int packet = length - 14;
    frame.putShort(12, (short) 0x0800).put(14, (byte) 0x45).put(14 + 9, (byte) 6);
    frame.putShort(16, (short) (packet > 0xffff ? 0 : packet));
    return frame.put(14 + 20 + 12, (byte) 0x50);
  }

  private static List<Integer> written(ByteBuffer frame, Peer peer) {
    long word =
        VnetHeader.word(VnetHeader.NEEDS_CHECKSUM, VnetHeader.GSO_TCP4, HEADERS, SEGMENT, 34);
    return written(frame, peer, word, 16);
  }

  /** The lengths of the frames that were written. */
  private static List<Integer> written(ByteBuffer frame, Peer peer, long word, int offset) {
    List<Integer> lengths = new ArrayList<>();
    ByteBuf out = Unpooled.buffer();
    int carried = new PacketWriter(1, peer).write(frame, word, offset, out);
    PacketReader reader =
        new PacketReader(
            new PacketReader.Sink() {
              @Override
              public void onFrame(long id, ByteBuf source, int at, int length, int vnet) {
                lengths.add(length);
              }

              @Override
              public void onBroken(String why) {
                throw new AssertionError(why);
              }
            });
    reader.onChunk(out);
    out.release();
    assertThat(reader.isInsideMessage()).isFalse();
    assertThat(carried).isEqualTo(VnetCheck.segments(word, frame.capacity()));
    return lengths;
  }
}
