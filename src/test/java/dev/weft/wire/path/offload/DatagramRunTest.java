package dev.weft.wire.path.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.linux.VnetHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.Tuple.Tuple2;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run is cut up into must be what went into it. */
class DatagramRunTest {
  private static final int UDP_CHECKSUM = 6;

  /** A datagram whose checksum its sender left to the device. */
  record Datagram(boolean six, int identification, int port, int hops, int payload) {
    int headers() {
      return six ? 62 : 42;
    }

    long word() {
      return VnetHeader.word(VnetHeader.NEEDS_CHECKSUM, VnetHeader.GSO_NONE, 0, 0, headers() - 8);
    }

    ByteBuffer frame() {
      byte[] bytes = new byte[headers() + payload];
      new Random(identification).nextBytes(bytes);
      ByteBuffer frame = ByteBuffer.wrap(bytes);
      frame.putLong(0, 0x0200_0000_0001_0200L).putInt(8, 0x02);
      int udp = headers() - 8;
      int length = 8 + payload;
      if (six) {
        frame.putShort(12, (short) 0x86dd).putInt(14, 0x6000_0000).putShort(18, (short) length);
        frame.put(20, (byte) 17).put(21, (byte) hops);
        frame.putLong(22, 0xfd00L << 48).putLong(30, 1).putLong(38, 0xfd00L << 48).putLong(46, 2);
      } else {
        frame.putShort(12, (short) 0x0800).putShort(14, (short) 0x4500);
        frame.putShort(16, (short) (20 + length)).putShort(18, (short) identification);
        frame.putShort(20, (short) 0x4000).put(22, (byte) hops).put(23, (byte) 17);
        frame.putInt(26, 0x0c0c_0c01).putInt(30, 0x0c0c_0c02).putShort(24, (short) 0);
        frame.putShort(24, Checksum.ofHeader(Checksum.add(0, frame, 14, 34)));
      }
      frame.putShort(udp, (short) port).putShort(udp + 2, (short) 7);
      frame.putShort(udp + 4, (short) length);
      long pseudo = Checksum.add(length + 17L, frame, six ? 22 : 26, udp);
      return frame.putShort(udp + UDP_CHECKSUM, (short) Checksum.fold(pseudo));
    }

    /** As the pod's device would send it. */
    byte[] complete() {
      return SegmenterTest.complete(frame(), word(), UDP_CHECKSUM).get(0);
    }
  }

  @Provide
  Arbitrary<List<Datagram>> traffic() {
    Arbitrary<Integer> mostlyThat = Arbitraries.frequency(t(40, 64), t(1, 63), t(1, 65), t(1, 1));
    Arbitrary<Integer> ports = Arbitraries.frequency(t(30, 5000), t(1, 5001));
    Arbitrary<Integer> hops = Arbitraries.frequency(t(60, 64), t(1, 63));
    Arbitrary<Integer> step = Arbitraries.frequency(t(60, 1), t(1, 2), t(1, 0));
    Arbitrary<Integer> start = Arbitraries.integers().between(0, 0xffff);
    record Part(int payload, int port, int hops, int step) {}
    return Combinators.combine(
            Arbitraries.of(true, false),
            start,
            Combinators.combine(mostlyThat, ports, hops, step)
                .as(Part::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(200))
        .as(
            (six, first, parts) -> {
              List<Datagram> datagrams = new ArrayList<>();
              int id = first;
              for (Part p : parts) {
                datagrams.add(new Datagram(six, id & 0xffff, p.port(), p.hops(), p.payload()));
                id += p.step();
              }
              return datagrams;
            });
  }

  private static Tuple2<Integer, Integer> t(int weight, int value) {
    return Tuple.of(weight, value);
  }

  @Property(tries = 500)
  void shouldBeCutIntoWhatItWasMadeOf(@ForAll("traffic") List<Datagram> traffic) {
    List<byte[]> arrived = new ArrayList<>();
    for (List<Datagram> run : runs(traffic)) {
      arrived.addAll(cut(run));
    }

    assertThat(arrived).hasSameSizeAs(traffic);
    for (int i = 0; i < arrived.size(); i++) {
      assertThat(arrived.get(i)).as("frame %s", i).isEqualTo(traffic.get(i).complete());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldTakeAsManyAsAKernelCuts(boolean six) {
    assertThat(runs(flow(six, 150, 64))).extracting(List::size).containsExactly(64, 64, 22);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldStayAnIpPacket(boolean six) {
    assertThat(runs(flow(six, 50, 1400))).extracting(List::size).containsExactly(42, 8);
  }

  @Test
  void shouldEndWithAShorterDatagram() {
    List<Datagram> flow = new ArrayList<>(flow(false, 10, 64));
    flow.set(3, new Datagram(false, 3, 5000, 64, 20));

    assertThat(runs(flow)).extracting(List::size).containsExactly(4, 6);
  }

  /**
   * The sum of an IPv4 header with its checksum is all ones; a kernel never writes 0xffff for 0.
   */
  @Test
  void shouldHaveTheHeaderChecksumThatAKernelGivesIt() {
    for (int id = 0; id <= 0xffff; id++) {
      Datagram next = new Datagram(false, id + 1 & 0xffff, 5000, 64, 8);
      ByteBuffer frame = new Datagram(false, id, 5000, 64, 8).frame();
      DatagramRun run = new DatagramRun();
      assertThat(run.open(frame, next.word(), UDP_CHECKSUM)).isTrue();
      assertThat(run.add(next.frame(), next.word(), UDP_CHECKSUM)).isTrue();

      run.close();

      assertThat(Checksum.fold(Checksum.add(0, frame, 14, 34))).as("id %d", id).isEqualTo(0xffff);
      assertThat(frame.getShort(24)).as("id %d", id).isNotEqualTo((short) 0xffff);
    }
  }

  /** What must be left alone, each by what is wrong with it. */
  @SuppressWarnings("ImmutableEnumChecker") // the changes have no state
  enum Alone {
    MULTICAST(f -> f.put(0, (byte) 1)),
    VLAN_TAGGED(f -> f.putShort(12, (short) 0x8100)),
    IP_OPTIONS(f -> f.put(14, (byte) 0x46)),
    FRAGMENT(f -> f.putShort(20, (short) 0x2000)),
    TCP(f -> f.put(23, (byte) 6)),
    PADDED(f -> f.putShort(16, (short) 40)),
    LYING_UDP_LENGTH(f -> f.putShort(38, (short) 100));

    private final Consumer<ByteBuffer> change;

    Alone(Consumer<ByteBuffer> change) {
      this.change = change;
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldNotBeginWith(Alone alone) {
    Datagram datagram = flow(false, 1, 64).get(0);
    ByteBuffer frame = datagram.frame();
    alone.change.accept(frame);

    assertThat(new DatagramRun().open(frame, datagram.word(), UDP_CHECKSUM)).isFalse();
  }

  @Test
  void shouldNotTouchFramesOfAPodThatFinishesItsChecksums() {
    ByteBuffer frame = flow(false, 1, 64).get(0).frame();

    assertThat(new DatagramRun().open(frame, VnetHeader.NONE, 0)).isFalse();
  }

  private static List<Datagram> flow(boolean six, int count, int payload) {
    return IntStream.range(0, count)
        .mapToObj(i -> new Datagram(six, i, 5000, 64, payload))
        .toList();
  }

  /** The traffic in runs, as a sender makes them. */
  private static List<List<Datagram>> runs(List<Datagram> traffic) {
    List<List<Datagram>> runs = new ArrayList<>();
    DatagramRun run = new DatagramRun();
    for (int i = 0; i < traffic.size(); ) {
      int next = i + 1;
      if (run.open(traffic.get(i).frame(), traffic.get(i).word(), UDP_CHECKSUM)) {
        while (next < traffic.size()
            && run.add(traffic.get(next).frame(), traffic.get(next).word(), UDP_CHECKSUM)) {
          next++;
        }
      }
      runs.add(traffic.subList(i, next));
      i = next;
    }
    return runs;
  }

  private static List<byte[]> cut(List<Datagram> datagrams) {
    Datagram head = datagrams.get(0);
    if (datagrams.size() == 1) {
      return List.of(head.complete());
    }
    DatagramRun run = new DatagramRun();
    ByteBuffer first = head.frame();
    assertThat(run.open(first, head.word(), UDP_CHECKSUM)).isTrue();
    ByteBuffer whole = ByteBuffer.allocate(64 << 10);
    for (Datagram d : datagrams.subList(1, datagrams.size())) {
      assertThat(run.add(d.frame(), d.word(), UDP_CHECKSUM)).isTrue();
    }
    long word = run.close();
    whole.put(first.duplicate());
    for (Datagram d : datagrams.subList(1, datagrams.size())) {
      whole.put(d.frame().position(run.headerLength()));
    }
    assertThat(whole.flip().remaining()).isEqualTo(run.length());
    assertThat(run.segments()).isEqualTo(datagrams.size());
    return SegmenterTest.complete(whole, word, UDP_CHECKSUM);
  }
}
