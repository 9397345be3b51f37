package dev.weft.wire.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.linux.Netns;
import dev.weft.testkit.FramePort;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What every driver must do, over every way: what goes in at one end of a wire comes out at the
 * other: every frame, as it was, in order.
 */
@Needs({Need.ROOT, Need.IPROUTE2})
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class DriverContract {
  private static final Duration WITHIN = Duration.ofSeconds(5);
  static final String ONE = "12.12.12.1";
  static final String TWO = "12.12.12.2";
  static final int MTU = 9000;
  private static final int ETHERNET = 14;
  private static final int IP_UDP = 28;

  /** Datagrams under way at one time: they fit in a socket's buffer. */
  private static final int DATAGRAMS = 16;

  @TempDir static Path directory;
  private TestNetns one;
  private TestNetns two;

  private FramePort from;
  private FramePort to;

  /** Joins eth1 of the two pods, {@link #ONE} and {@link #TWO} with {@link #MTU}, by a wire. */
  abstract void join(TestNetns one, TestNetns two) throws Exception;

  abstract void part() throws Exception;

  @BeforeAll
  void begin() throws Exception {
    one = TestNetns.create("p1");
    two = TestNetns.create("p2");
    join(one, two);
    try (FramePort out = FramePort.open(one, "eth1");
        FramePort in = FramePort.open(two, "eth1")) {
      // A veth whose other end just came up may drop frames for a moment (linkwatch).
      Awaitility.await()
          .until(
              () -> {
                out.send(frame("ffffffffffff", "88b5", 60));
                return in.receive(Duration.ofMillis(100)) != null;
              });
      // More of these may be under way: behind this one there are none.
      byte[] last = frame("ffffffffffff", "88b6", 60);
      out.send(last);
      Awaitility.await().until(() -> Arrays.equals(in.receive(WITHIN), last));
    }
  }

  @AfterAll
  void end() throws Exception {
    part();
    one.close();
    two.close();
  }

  @BeforeEach
  void openPorts() throws Exception {
    from = FramePort.open(one, "eth1");
    to = FramePort.open(two, "eth1");
  }

  @AfterEach
  void closePorts() {
    from.close();
    to.close();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "LLDP,              0180c200000e, 88cc",
    "MPLS,              020000000002, 8847",
    "STP (802.2 LLC),   0180c2000000, 0026424203",
    "LACP,              0180c2000002, 8809",
    "802.1X,            0180c2000003, 888e",
    "IS-IS (802.2 LLC), 0180c2000014, 0026fefe03",
    "multicast,         01005e000005, 0800",
    "broadcast,         ffffffffffff, 0806",
    "unassigned,        020000000002, 88b5",
    "802.1Q,            020000000002, 810020070800",
    "802.1Q VLAN 0,     020000000002, 8100e0000800",
    "802.1ad,           020000000002, 88a8006486dd",
    "802.1ad + 802.1Q,  020000000002, 88a8006481000007 0800",
    "802.1Q twice,      020000000002, 81000064810000070800",
    "802.1ad MPLS,      020000000002, 88a800648847",
  })
  void shouldCarryEveryKindOfFrameUnchanged(String name, String destination, String type)
      throws Exception {
    for (int length : new int[] {60, 61, 64, 1514, ETHERNET + MTU}) {
      byte[] frame = frame(destination, type.replace(" ", ""), length);

      from.send(frame);

      assertThat(hex(to.receive(WITHIN))).as("%s, %d bytes", name, length).isEqualTo(hex(frame));
    }
  }

  @Test
  void shouldCarryAFullFrameWithATagMore() throws Exception {
    byte[] frame = frame("020000000002", "810020070800", ETHERNET + 4 + MTU);

    from.send(frame);

    assertThat(hex(to.receive(WITHIN))).isEqualTo(hex(frame));
  }

  /** Shorter ones than Ethernet's 60 bytes too: a veth does not pad. */
  @Test
  void shouldCarryFramesOfEveryLength() throws Exception {
    for (int length = ETHERNET; length <= ETHERNET + MTU; length += length < 1600 ? 1 : 61) {
      byte[] frame = frame("020000000002", "88b5", length);

      from.send(frame);

      assertThat(hex(to.receive(WITHIN))).as("%d bytes", length).isEqualTo(hex(frame));
    }
  }

  @Test
  void shouldKeepTheOrderOfTenThousandFrames() throws Exception {
    // Given: no more under way than every queue holds
    int count = 10_000;
    int window = 128;
    SplittableRandom random = new SplittableRandom(1);
    List<byte[]> underWay = new ArrayList<>();
    int sent = 0;
    int received = 0;

    while (received < count) {
      while (sent < count && sent - received < window) {
        byte[] frame = frame("020000000002", "88b5", random.nextInt(60, 1514));
        ByteBuffer.wrap(frame).putInt(ETHERNET, sent++);
        from.send(frame);
        underWay.add(frame);
      }
      for (byte[] expected : underWay) {
        byte[] frame = to.receive(WITHIN);
        assertThat(hex(frame)).as("frame %d", received).isEqualTo(hex(expected));
        received++;
      }
      underWay.clear();
    }
    assertThat(to.receive(Duration.ofMillis(50))).as("one too many").isNull();
  }

  @Test
  void shouldCarryDatagramsOfEverySizeUnchanged() throws Exception {
    InetSocketAddress target = new InetSocketAddress(InetAddress.getByName(TWO), 0);
    try (Netns inOne = one.open();
        Netns inTwo = two.open();
        DatagramSocket sender = inOne.call(() -> new DatagramSocket());
        DatagramSocket receiver = inTwo.call(() -> new DatagramSocket(target))) {
      receiver.setSoTimeout((int) WITHIN.toMillis());
      // Not connected: then the JDK would not send an empty one.
      SocketAddress bound = receiver.getLocalSocketAddress();
      int most = MTU - IP_UDP;
      for (int first = 0; first <= most; first += DATAGRAMS) {
        int last = Math.min(most, first + DATAGRAMS - 1);
        for (int size = first; size <= last; size++) {
          sender.send(new DatagramPacket(payload(size), size, bound));
        }
        for (int size = first; size <= last; size++) {
          assertThat(hex(receive(receiver))).as("%d bytes", size).isEqualTo(hex(payload(size)));
        }
      }
    }
  }

  /** The pod hands its link super-frames of many datagrams (UDP_SEGMENT, linux/udp.h). */
  @ParameterizedTest
  @CsvSource({
    "60000, 1400",
    "56000, 1400",
    "62000, 8972",
    "62804, 8972",
    "32768, 512",
    "1001, 1000",
    "63, 1",
  })
  void shouldCarrySegmentedDatagramsUnchanged(int bytes, int segment) throws Exception {
    // Given
    InetSocketAddress target = new InetSocketAddress(InetAddress.getByName(TWO), 0);
    try (Netns inTwo = two.open();
        DatagramSocket receiver = inTwo.call(() -> new DatagramSocket(target))) {
      receiver.setSoTimeout((int) WITHIN.toMillis());
      byte[] payload = payload(bytes);
      Path file = java.nio.file.Files.write(directory.resolve("payload"), payload);

      // When
      one.run(
          Need.PYTHON,
          "-c",
          """
          import socket, sys
          s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
          s.setsockopt(17, 103, int(sys.argv[3])) # SOL_UDP, UDP_SEGMENT
          s.sendto(open(sys.argv[4], 'rb').read(), (sys.argv[1], int(sys.argv[2])))
          """,
          TWO,
          String.valueOf(receiver.getLocalPort()),
          String.valueOf(segment),
          file.toString());

      // Then
      for (int at = 0; at < bytes; at += segment) {
        byte[] expected = Arrays.copyOfRange(payload, at, Math.min(bytes, at + segment));
        assertThat(hex(receive(receiver))).as("segment at %d", at).isEqualTo(hex(expected));
      }
    }
  }

  private static byte[] receive(DatagramSocket socket) throws Exception {
    DatagramPacket packet = new DatagramPacket(new byte[1 << 16], 1 << 16);
    socket.receive(packet);
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }

  private static byte[] payload(int size) {
    byte[] payload = new byte[size];
    new SplittableRandom(size).nextBytes(payload);
    return payload;
  }

  /**
   * A frame with pseudo-random contents.
   *
   * @param type what follows the addresses, in hex: tags, EtherType or 802.3 length, and more
   */
  private static byte[] frame(String destination, String type, int length) {
    byte[] head = HexFormat.of().parseHex(destination + FramePort.SOURCE + type);
    byte[] frame = payload(length);
    System.arraycopy(head, 0, frame, 0, Math.min(head.length, length));
    return frame;
  }

  private static String hex(byte[] bytes) {
    return bytes == null ? null : HexFormat.of().formatHex(bytes);
  }
}
