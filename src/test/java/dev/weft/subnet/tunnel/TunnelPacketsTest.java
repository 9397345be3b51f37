package dev.weft.subnet.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.address.Mac;
import dev.weft.subnet.tunnel.TunnelTraffic.Cause;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TunnelPacketsTest {
  private static final int IP = 14;
  private static final Cidr OWN = Cidr.parse("10.42.1.0/24");
  private static final Cidr PEER = Cidr.parse("10.42.2.0/24");
  private static final Cidr OWN6 = Cidr.parse("fd00:42:0:1::/64");
  private static final Cidr PEER6 = Cidr.parse("fd00:42:0:2::/64");

  private final TunnelTraffic sent = new TunnelTraffic();
  private final TunnelTraffic received = new TunnelTraffic();
  private final TunnelPackets packets = packets(OWN, PEER);

  private TunnelPackets packets(Cidr own, Cidr peer) {
    return new TunnelPackets(sent, received, List.of(own), List.of(peer));
  }

  @Test
  void shouldJudgeEachFamilyByItsOwnSubnets() {
    TunnelPackets both =
        new TunnelPackets(sent, received, List.of(OWN, OWN6), List.of(PEER, PEER6));

    assertThat(both.takes(frame("10.42.2.10", "10.42.1.10"))).isTrue();
    assertThat(both.takes(frame("fd00:42:0:2::10", "fd00:42:0:1::10"))).isTrue();
    assertThat(both.takes(frame("fd00:42:0:3::10", "fd00:42:0:1::10"))).isFalse();
    assertThat(received.refused(Cause.SOURCE)).isEqualTo(1);
  }

  @Test
  void shouldTakeNothingOfAFamilyThatOnlyOneEndHas() {
    TunnelPackets one = new TunnelPackets(sent, received, List.of(OWN), List.of(PEER, PEER6));

    assertThat(one.takes(frame("fd00:42:0:2::10", "fd00:42:0:1::10"))).isFalse();
    assertThat(one.takes(frame("10.42.2.10", "10.42.1.10"))).isTrue();
  }

  @Test
  void shouldLetPacketsBetweenTheTwoSubnetsPass() {
    assertThat(packets.sends(frame("10.42.1.10", "10.42.2.10"))).isTrue();
    assertThat(packets.takes(frame("10.42.2.10", "10.42.1.10"))).isTrue();
    assertThat(packets.takes(frame("10.42.2.0", "10.42.1.255"))).isTrue();
    assertThat(received.refused(Cause.SOURCE)).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    // In the name of a third node's pod, of this node's own, of the host's network, of anybody.
    "10.42.3.10, 10.42.1.10, SOURCE",
    "10.42.1.11, 10.42.1.10, SOURCE",
    "10.42.0.10, 10.42.1.10, SOURCE",
    "192.0.2.1, 10.42.1.10, SOURCE",
    "0.0.0.0, 10.42.1.10, SOURCE",
    "127.0.0.1, 10.42.1.10, SOURCE",
    // To use this node as a router, or to reach its host.
    "10.42.2.10, 10.42.3.10, DESTINATION",
    "10.42.2.10, 10.42.2.11, DESTINATION",
    "10.42.2.10, 192.0.2.1, DESTINATION",
    "10.42.2.10, 127.0.0.1, DESTINATION",
    "10.42.2.10, 255.255.255.255, DESTINATION",
    "10.42.2.10, 224.0.0.1, DESTINATION",
  })
  void shouldDropAndCountWhatIsForged(String source, String destination, Cause cause) {
    assertThat(packets.takes(frame(source, destination))).isFalse();
    assertThat(received.refused(cause)).isEqualTo(1);

    assertThat(packets.sends(frame(source, "10.42.2.10"))).isEqualTo(source.startsWith("10.42.1."));
  }

  @Test
  void shouldFollowAChangeOfTheSubnets() {
    packets.between(List.of(Cidr.parse("10.42.9.0/24")), List.of(PEER));

    assertThat(packets.takes(frame("10.42.2.10", "10.42.1.10"))).isFalse();
    assertThat(packets.takes(frame("10.42.2.10", "10.42.9.10"))).isTrue();
  }

  @Test
  void shouldCompareWholeIpv6Addresses() {
    TunnelPackets six = packets(OWN6, PEER6);

    assertThat(six.takes(frame("fd00:42:0:2::10", "fd00:42:0:1::10"))).isTrue();
    assertThat(six.takes(frame("fd00:42:0:3::10", "fd00:42:0:1::10"))).isFalse();
    assertThat(six.takes(frame("fd00:42:0:2::10", "fe80::1"))).isFalse();
    assertThat(received.refused(Cause.SOURCE)).isEqualTo(1);
    assertThat(received.refused(Cause.DESTINATION)).isEqualTo(1);
  }

  @Test
  void shouldComparePrefixesLongerThanSixtyFourBits() {
    TunnelPackets six = packets(Cidr.parse("fd00::100/120"), Cidr.parse("fd00::200/120"));

    assertThat(six.takes(frame("fd00::210", "fd00::110"))).isTrue();
    assertThat(six.takes(frame("fd00::310", "fd00::110"))).isFalse();
  }

  @Test
  void shouldRefuseTheOtherFamily() {
    assertThat(packets.takes(frame("fd00:42:0:2::10", "fd00:42:0:1::10"))).isFalse();
    assertThat(received.refused(Cause.MALFORMED)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "version 6 in IPv4",
        "short header",
        "header beyond the frame",
        "length beyond the frame",
        "length within the header",
        "ARP",
        "VLAN tag",
        "broadcast",
        "other MAC"
      })
  void shouldDropAndCountWhatIsMalformed(String what) {
    ByteBuffer frame = frame("10.42.2.10", "10.42.1.10");
    switch (what) {
      case "version 6 in IPv4" -> frame.put(IP, (byte) 0x65);
      case "short header" -> frame.put(IP, (byte) 0x44);
      case "header beyond the frame" -> frame.put(IP, (byte) 0x4f);
      case "length beyond the frame" -> frame.putShort(IP + 2, (short) 29);
      case "length within the header" -> frame.putShort(IP + 2, (short) 19);
      case "ARP" -> frame.putShort(12, (short) 0x0806);
      case "VLAN tag" -> frame.putShort(12, (short) 0x8100);
      case "broadcast" -> frame.putInt(0, -1).putShort(4, (short) -1);
      default -> frame.put(0, (byte) 6);
    }

    assertThat(packets.takes(frame)).isFalse();
    assertThat(received.refused(Cause.MALFORMED)).isEqualTo(1);
  }

  @Test
  void shouldTakeNothingThatIsCutOff() {
    ByteBuffer whole = frame("10.42.2.10", "10.42.1.10");
    for (int length = 0; length < whole.capacity(); length++) {
      assertThat(packets.takes(whole.duplicate().limit(length))).as("%d bytes", length).isFalse();
    }
  }

  @Test
  void shouldStayWithinAnyFrame() {
    Random random = new Random(14);
    TunnelPackets six = packets(OWN6, PEER6);
    for (int i = 0; i < 100_000; i++) {
      byte[] bytes = new byte[random.nextInt(80)];
      random.nextBytes(bytes);
      ByteBuffer frame = ByteBuffer.wrap(bytes);
      if (bytes.length > IP) {
        frame.put(0, Mac.parse(TunnelPackets.MAC));
        frame.putShort(12, (short) (random.nextBoolean() ? 0x0800 : 0x86dd));
        frame.put(IP, (byte) ((random.nextBoolean() ? 0x40 : 0x60) | random.nextInt(16)));
      }
      assertThatCode(() -> packets.takes(frame)).doesNotThrowAnyException();
      assertThatCode(() -> six.takes(frame)).doesNotThrowAnyException();
    }
    assertThat(received.counter().read().frames()).isZero();
  }

  /** A frame at an offset in its buffer, as in a ring, with eight bytes behind the headers. */
  private static ByteBuffer frame(String source, String destination) {
    byte[] from = IpAddress.parse(source).getAddress();
    byte[] to = IpAddress.parse(destination).getAddress();
    boolean four = from.length == 4;
    int header = four ? 20 : 40;
    ByteBuffer frame = ByteBuffer.allocate(IP + header + 8);
    frame.put(Mac.parse(TunnelPackets.MAC)).put(new byte[6]);
    frame.putShort((short) (four ? 0x0800 : 0x86dd));
    frame.put((byte) (four ? 0x45 : 0x60));
    frame.putShort(four ? IP + 2 : IP + 4, (short) (four ? header + 8 : 8));
    frame.position(IP + (four ? 12 : 8)).put(from).put(to);
    return frame.clear();
  }
}
