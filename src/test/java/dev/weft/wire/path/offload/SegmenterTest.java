package dev.weft.wire.path.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.linux.VnetHeader;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Frames as kernels leave them unfinished, against byte by byte arithmetic. */
class SegmenterTest {
  private static final int NONE = VnetHeader.GSO_NONE;

  /** A frame to be, and how much of it the sender left to the network card. */
  record Unfinished(
      int tags,
      boolean six,
      boolean tcp,
      int ipOptions,
      int tcpOptions,
      int payload,
      int segment,
      boolean partial,
      boolean ecn,
      int flags,
      long seed) {

    int network() {
      return 14 + 4 * tags;
    }

    int transport() {
      return network() + (six ? 40 : 20) + ipOptions;
    }

    int headers() {
      return transport() + (tcp ? 20 + tcpOptions : 8);
    }

    int checksumOffset() {
      return tcp ? 16 : 6;
    }

    int gsoType() {
      if (segment == 0) {
        return NONE;
      }
      int type = !tcp ? VnetHeader.GSO_UDP_L4 : six ? VnetHeader.GSO_TCP6 : VnetHeader.GSO_TCP4;
      return tcp && ecn ? type | VnetHeader.GSO_ECN : type;
    }

    long word() {
      int flag = partial ? VnetHeader.NEEDS_CHECKSUM : 0;
      return VnetHeader.word(flag, gsoType(), headers(), segment, partial ? transport() : 0);
    }

    byte[] frame() {
      byte[] bytes = new byte[headers() + payload];
      new Random(seed).nextBytes(bytes);
      ByteBuffer frame = ByteBuffer.wrap(bytes);
      for (int i = 0; i < tags; i++) {
        frame.putShort(12 + 4 * i, (short) (i == 0 && tags == 2 ? 0x88a8 : 0x8100));
      }
      frame.putShort(network() - 2, (short) (six ? 0x86dd : 0x0800));
      int l4 = bytes.length - transport();
      if (six) {
        frame.put(network(), (byte) 0x60);
        frame.putShort(network() + 4, (short) (ipOptions + l4));
        frame.put(network() + 6, ipOptions > 0 ? 0 : protocol());
        if (ipOptions > 0) {
          frame.put(network() + 40, protocol()).put(network() + 41, (byte) (ipOptions / 8 - 1));
        }
      } else {
        frame.put(network(), (byte) (0x40 | (20 + ipOptions) / 4));
        int length = 20 + ipOptions + l4;
        frame.putShort(network() + 2, (short) (length > 0xffff ? 0 : length));
        frame.putShort(network() + 6, (short) 0x4000).put(network() + 9, protocol());
      }
      if (tcp) {
        frame.put(transport() + 12, (byte) (((20 + tcpOptions) / 4) << 4));
        frame.put(transport() + 13, (byte) flags);
      } else {
        frame.putShort(transport() + 4, (short) l4);
      }
      int field = transport() + checksumOffset();
      frame.putShort(field, (short) (partial ? pseudoSum(bytes, this, l4) : 0xbad));
      return bytes;
    }

    byte protocol() {
      return (byte) (tcp ? 6 : 17);
    }
  }

  @Provide
  Arbitrary<Unfinished> unfinished() {
    Arbitrary<Integer> multiplesOf4 = Arbitraries.integers().between(0, 10).map(n -> 4 * n);
    Arbitrary<Boolean> flag = Arbitraries.of(true, false);
    return Combinators.combine(
            Arbitraries.integers().between(0, 2),
            flag,
            flag,
            multiplesOf4,
            multiplesOf4,
            Arbitraries.integers().between(1, 120_000),
            Arbitraries.integers().between(30, 9000),
            Arbitraries.longs())
        .flatAs(
            (tags, six, tcp, ipOptions, tcpOptions, payload, segment, seed) ->
                Combinators.combine(flag, flag, flag, Arbitraries.integers().between(0, 255))
                    .as(
                        (isSuper, fraglist, ecn, flags) ->
                            new Unfinished(
                                tags,
                                six,
                                tcp,
                                six ? ipOptions / 8 * 8 : ipOptions,
                                tcp ? tcpOptions : 0,
                                isSuper && tcp && !six ? payload : payload % 40_000 + 1,
                                isSuper ? segment : 0,
                                !isSuper || !fraglist,
                                ecn,
                                flags,
                                seed)));
  }

  @Property(tries = 2000)
  void shouldMakeCompleteFramesThatCarryTheSame(@ForAll("unfinished") Unfinished u) {
    byte[] original = u.frame();

    List<byte[]> frames = complete(original.clone(), u.word(), u.checksumOffset());

    int expected = u.segment() == 0 ? 1 : (u.payload() + u.segment() - 1) / u.segment();
    assertThat(frames).hasSize(expected);
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    for (int i = 0; i < frames.size(); i++) {
      checkFrame(u, original, frames.get(i), i, frames.size());
      payload.write(frames.get(i), u.headers(), frames.get(i).length - u.headers());
    }
    assertThat(payload.toByteArray())
        .isEqualTo(Arrays.copyOfRange(original, u.headers(), original.length));
  }

  private static void checkFrame(Unfinished u, byte[] original, byte[] bytes, int i, int count) {
    ByteBuffer frame = ByteBuffer.wrap(bytes);
    ByteBuffer before = ByteBuffer.wrap(original);
    int network = u.network();
    int transport = u.transport();
    int l4 = bytes.length - transport;
    boolean isSuper = u.segment() != 0;
    if (isSuper) {
      assertThat(bytes.length - u.headers())
          .as("payload of segment %s", i)
          .isEqualTo(i < count - 1 ? u.segment() : u.payload() - i * u.segment());
    }
    assertThat(Arrays.copyOf(bytes, network))
        .as("Ethernet")
        .isEqualTo(Arrays.copyOf(original, network));
    if (u.six()) {
      assertThat(frame.getShort(network + 4) & 0xffff)
          .as("IPv6 length")
          .isEqualTo(u.ipOptions() + l4);
    } else {
      assertThat(frame.getShort(network + 2) & 0xffff)
          .as("IPv4 length")
          .isEqualTo(bytes.length - network);
      assertThat(frame.getShort(network + 4))
          .as("IPv4 id")
          .isEqualTo((short) (before.getShort(network + 4) + i));
      if (isSuper) {
        assertThat(wordSum(bytes, network, transport)).as("IPv4 header's sum").isEqualTo(0xffff);
      }
    }
    assertThat(fold(wordSum(bytes, transport, bytes.length) + pseudoSum(bytes, u, l4)))
        .as("sum over segment %s and its pseudo header", i)
        .isEqualTo(0xffff);
    if (u.tcp()) {
      assertThat(frame.getInt(transport + 4))
          .as("sequence number")
          .isEqualTo(before.getInt(transport + 4) + i * u.segment());
      int allowed = i == count - 1 ? 0xff : 0xff & ~0x09;
      allowed &= i == 0 ? 0xff : ~0x80;
      assertThat(frame.get(transport + 13) & 0xff)
          .as("flags of segment %s of %s", i, count)
          .isEqualTo(u.flags() & allowed);
    } else {
      assertThat(frame.getShort(transport + 4) & 0xffff).as("UDP length").isEqualTo(l4);
      assertThat(frame.getShort(transport + 6)).as("UDP checksum").isNotZero();
    }
  }

  @Property(tries = 3000)
  void shouldNeverFailOnAnyBytes(
      @ForAll byte[] bytes,
      @ForAll long word,
      @ForAll @IntRange(max = 0xffff) int checksumOffset,
      @ForAll("kinds") int kind) {
    long known = (word & ~0xffffL) | kind;
    byte[] around = new byte[bytes.length + 40];
    Arrays.fill(around, (byte) 0x5a);
    System.arraycopy(bytes, 0, around, 20, bytes.length);
    ByteBuffer frame = ByteBuffer.wrap(around, 20, bytes.length);

    complete(frame, known, checksumOffset);

    for (int i = 0; i < 20; i++) {
      assertThat(around[i]).as("byte before the frame").isEqualTo((byte) 0x5a);
      assertThat(around[around.length - 1 - i]).as("byte after it").isEqualTo((byte) 0x5a);
    }
  }

  @Property(tries = 3000)
  void shouldNeverFailOnAMangledFrame(
      @ForAll("unfinished") Unfinished u,
      @ForAll @IntRange(max = 120) int at,
      @ForAll byte value,
      @ForAll @IntRange(max = 200) int length,
      @ForAll @IntRange(max = 3000) int segment) {
    byte[] frame = Arrays.copyOf(u.frame(), Math.min(length, u.headers() + u.payload()));
    if (at < frame.length) {
      frame[at] = value;
    }
    long word = VnetHeader.word(1, u.gsoType(), u.headers(), segment, u.transport());

    List<byte[]> frames = complete(frame, word, u.checksumOffset());

    assertThat(frames.size()).isLessThanOrEqualTo(Segmenter.MAX_SEGMENTS);
  }

  @Provide
  Arbitrary<Integer> kinds() {
    return Combinators.combine(
            Arbitraries.of(0, 1, 2, 3), Arbitraries.of(0, 1, 3, 4, 5, 0x81, 0x84, 0x85, 9))
        .as((flags, type) -> flags | type << 8);
  }

  @Test
  void shouldFinishTheCrcOfSctp() {
    // Given an SCTP packet over IPv4, its checksum left to the network card
    byte[] bytes = new byte[14 + 20 + 40];
    new Random(1).nextBytes(bytes);
    ByteBuffer frame = ByteBuffer.wrap(bytes);
    frame.putShort(12, (short) 0x0800).put(14, (byte) 0x45).put(23, (byte) 132);
    frame.putShort(20, (short) 0);

    // When
    byte[] done = complete(bytes, VnetHeader.word(1, NONE, 0, 0, 34), 8).get(0);

    // Then
    CRC32C crc = new CRC32C();
    byte[] zeroed = done.clone();
    Arrays.fill(zeroed, 42, 46, (byte) 0);
    crc.update(zeroed, 34, zeroed.length - 34);
    assertThat(Integer.reverseBytes(ByteBuffer.wrap(done).getInt(42)))
        .isEqualTo((int) crc.getValue());
  }

  @Test
  void shouldRefuseASuperFrameInsideATunnel() {
    Unfinished u = new Unfinished(0, false, true, 0, 0, 3000, 1000, true, false, 0, 7);

    long inner = VnetHeader.word(1, u.gsoType(), u.headers(), 1000, u.transport() + 50);

    assertThat(complete(u.frame(), inner, 16)).isEmpty();
  }

  private static List<byte[]> complete(byte[] frame, long word, int checksumOffset) {
    return complete(ByteBuffer.wrap(frame), word, checksumOffset);
  }

  /** What a frame with a vnet header is cut up into. */
  static List<byte[]> complete(ByteBuffer frame, long word, int checksumOffset) {
    Segmenter segmenter = new Segmenter();
    List<byte[]> frames = new ArrayList<>();
    int count = segmenter.open(frame, word, checksumOffset);
    for (int i = 0; i < count; i++) {
      segmenter.select(i);
      byte[] one = new byte[segmenter.headerLength() + segmenter.payloadLength()];
      frame.get(segmenter.headerFrom(), one, 0, segmenter.headerLength());
      frame.get(segmenter.payloadFrom(), one, segmenter.headerLength(), segmenter.payloadLength());
      frames.add(one);
    }
    return frames;
  }

  // The reference: RFC 1071 as it is written, one 16-bit word after the other.

  private static int pseudoSum(byte[] frame, Unfinished u, int length) {
    int from = u.network() + (u.six() ? 8 : 12);
    int to = u.network() + (u.six() ? 40 : 20);
    return fold(wordSum(frame, from, to) + length + u.protocol());
  }

  private static int wordSum(byte[] bytes, int from, int to) {
    int sum = 0;
    for (int i = from; i < to; i += 2) {
      int low = i + 1 < to ? bytes[i + 1] & 0xff : 0;
      sum = fold(sum + ((bytes[i] & 0xff) << 8 | low));
    }
    return sum;
  }

  private static int fold(int sum) {
    int folded = sum;
    while (folded > 0xffff) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return folded;
  }
}
