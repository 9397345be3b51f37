package dev.weft.wire.path;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.weft.wire.proto.Packet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Streams of gRPC-framed packets, in any chunks. */
class PacketReaderTest {
  /** What a reader told of a stream, each frame as its id, vnet header and bytes. */
  private static final class Told implements PacketReader.Sink {
    private final List<String> events = new ArrayList<>();

    @Override
    public void onFrame(long id, ByteBuf source, int frame, int length, int vnet) {
      String header = vnet < 0 ? "-" : ByteBufUtil.hexDump(source, vnet, 10);
      events.add(id + " " + header + " " + ByteBufUtil.hexDump(source, frame, length));
    }

    @Override
    public void onBroken(String why) {
      events.add("broken: " + why);
    }
  }

  @Property(tries = 2000)
  void shouldReadTheSameInAnyChunks(
      @ForAll("streams") List<Packet> packets,
      @ForAll @Size(max = 30) List<@IntRange(min = 1, max = 600) Integer> chunks)
      throws IOException {
    byte[] stream = framed(packets);

    List<String> told = read(stream, chunks);

    assertThat(told).isEqualTo(packets.stream().map(PacketReaderTest::expected).toList());
  }

  @Property(tries = 5000)
  void shouldNeverFailAndTellTheSameOfAnyBytes(
      @ForAll("almostPackets") byte[] stream,
      @ForAll @Size(max = 30) List<@IntRange(min = 1, max = 40) Integer> chunks) {
    List<String> inOne = read(stream, List.of());

    assertThat(read(stream, chunks)).isEqualTo(inOne);
    assertThat(inOne.stream().filter(event -> event.startsWith("broken")).count())
        .as("ends told of")
        .isLessThanOrEqualTo(1);
  }

  @Test
  void shouldRefuseAMessageThatIsTooLongBeforeItComes() {
    byte[] head = ByteBuffer.allocate(5).put((byte) 0).putInt(PacketReader.MAX_MESSAGE + 1).array();

    assertThat(read(head, List.of()))
        .containsExactly("broken: message length: 147457 (expected: 0..147456)");
    assertThat(read(new byte[] {0, -1, -1, -1, -1}, List.of(2)))
        .containsExactly("broken: message length: 4294967295 (expected: 0..147456)");
  }

  @Test
  void shouldRefuseACompressedMessage() {
    assertThat(read(new byte[] {1, 0, 0, 0, 0}, List.of()))
        .containsExactly("broken: a compressed message (expected: grpc-encoding identity)");
  }

  @Test
  void shouldKnowWhetherAStreamStoppedInsideAMessage() throws IOException {
    byte[] stream = framed(List.of(Packet.newBuilder().setRemotIntfId(7).build()));
    PacketReader reader = new PacketReader(new Told());

    reader.onChunk(Unpooled.wrappedBuffer(stream, 0, stream.length - 1));
    assertThat(reader.isInsideMessage()).isTrue();
    reader.onChunk(Unpooled.wrappedBuffer(stream, stream.length - 1, 1));
    assertThat(reader.isInsideMessage()).isFalse();
  }

  @Provide
  Arbitrary<List<Packet>> streams() {
    return packets().list().ofMaxSize(20);
  }

  private static Arbitrary<Packet> packets() {
    Arbitrary<ByteString> frames =
        Arbitraries.bytes().array(byte[].class).ofMaxSize(1700).map(ByteString::copyFrom);
    Arbitrary<ByteString> headers =
        Arbitraries.oneOf(
            Arbitraries.just(ByteString.EMPTY),
            Arbitraries.bytes().array(byte[].class).ofSize(10).map(ByteString::copyFrom));
    return Combinators.combine(Arbitraries.longs(), frames, Arbitraries.longs(), headers)
        .as(
            (id, frame, length, header) -> {
              Packet.Builder packet =
                  Packet.newBuilder().setRemotIntfId(id).setFrame(frame).setFrameLen(length);
              return header.isEmpty() ? packet.build() : packet.setVnetHeader(header).build();
            });
  }

  /** Packets of which some bytes were changed, so that reading gets somewhere. */
  @Provide
  Arbitrary<byte[]> almostPackets() {
    Arbitrary<byte[]> mangled =
        Combinators.combine(
                packets().list().ofMaxSize(4),
                Arbitraries.integers().between(0, 1 << 20).list().ofMaxSize(5),
                Arbitraries.bytes())
            .as(
                (packets, places, value) -> {
                  byte[] stream = framed(packets);
                  for (int place : places) {
                    if (stream.length > 0) {
                      stream[place % Math.min(stream.length, 60)] = value;
                    }
                  }
                  return stream;
                });
    Arbitrary<byte[]> prefixed =
        Arbitraries.bytes()
            .array(byte[].class)
            .ofMaxSize(100)
            .map(
                bytes ->
                    ByteBuffer.allocate(5 + bytes.length)
                        .put((byte) 0)
                        .putInt(bytes.length)
                        .put(bytes)
                        .array());
    return Arbitraries.oneOf(
        mangled, prefixed, Arbitraries.bytes().array(byte[].class).ofMaxSize(200));
  }

  private static String expected(Packet packet) {
    String header =
        packet.getVnetHeader().isEmpty()
            ? "-"
            : ByteBufUtil.hexDump(packet.getVnetHeader().toByteArray());
    return packet.getRemotIntfId()
        + " "
        + header
        + " "
        + ByteBufUtil.hexDump(packet.getFrame().toByteArray());
  }

  /** In chunks of these sizes, the last one repeated; each chunk without a byte to spare. */
  private static List<String> read(byte[] stream, List<Integer> chunks) {
    Told told = new Told();
    try (PacketReader reader = new PacketReader(told)) {
      int at = 0;
      int turn = 0;
      while (at < stream.length) {
        int size = chunks.isEmpty() ? stream.length : chunks.get(turn++ % chunks.size());
        byte[] chunk = Arrays.copyOfRange(stream, at, Math.min(stream.length, at + size));
        reader.onChunk(Unpooled.wrappedBuffer(chunk));
        at += chunk.length;
      }
    }
    return told.events;
  }

  private static byte[] framed(List<Packet> packets) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Packet packet : packets) {
      byte[] message = new byte[packet.getSerializedSize()];
      try {
        CodedOutputStream coded = CodedOutputStream.newInstance(message);
        packet.writeTo(coded);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      out.writeBytes(ByteBuffer.allocate(5).put((byte) 0).putInt(message.length).array());
      out.writeBytes(message);
    }
    return out.toByteArray();
  }
}
