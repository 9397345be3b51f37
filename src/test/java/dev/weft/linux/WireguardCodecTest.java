package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Against bytes written by hand from include/uapi/linux/wireguard.h, genetlink.h and if_link.h, for
 * a little-endian machine. The family has the number 0x1f here.
 */
class WireguardCodecTest {
  private static final WireguardKey PRIVATE = key(0x11);
  private static final WireguardKey PUBLIC = key(0x22);
  private static final WireguardKey OTHER = key(0x33);
  private static final String HEX11 = "11".repeat(32);
  private static final String HEX22 = "22".repeat(32);
  private static final String HEX33 = "33".repeat(32);

  /** WGDEVICE_A_IFNAME "wg0" with its zero. */
  private static final String IFNAME = "0800 0200 77673000";

  @Test
  void shouldAskForTheNumberOfTheFamily() {
    assertThat(bytes(WireguardCodec.family("wireguard")))
        .isEqualTo(
            hex(
                // nlmsghdr of GENL_ID_CTRL: length 36, NLM_F_REQUEST|ACK, sequence 7
                "24000000 1000 0500 07000000 00000000"
                    // genlmsghdr: CTRL_CMD_GETFAMILY, version 1
                    + "03 01 0000"
                    // CTRL_ATTR_FAMILY_NAME
                    + "0e00 0200 776972656775617264 00 0000"));
    assertThat(
            WireguardCodec.familyId(
                buffer("01 02 0000 0e00 0200 776972656775617264 00 0000" + "0600 0100 1f00 0000")))
        .isEqualTo(0x1f);
  }

  @Test
  void shouldFitManyPeersWithManyNetworksIntoRequests() {
    List<Cidr> networks =
        IntStream.range(0, 256).mapToObj(i -> Cidr.parse("fd00::" + i + "/128")).toList();
    List<WireguardPeer> peers =
        IntStream.range(0, 60)
            .mapToObj(
                i ->
                    new WireguardPeer(
                        key(i),
                        IpAddress.parse("2001:db8::1"),
                        51820,
                        25,
                        i == 0 ? networks : networks.subList(0, 12),
                        0))
            .toList();

    List<List<WireguardPeer>> requests = Wireguard.requests(peers);

    assertThat(requests.stream().flatMap(List::stream)).containsExactlyElementsOf(peers);
    assertThat(requests.size()).isBetween(3, 6);
    assertThat(requests)
        .allMatch(part -> WireguardCodec.setPeers(0x1f, "weft-wg0", part).length() <= 16 << 10);
  }

  @Test
  void shouldMakeADeviceOfTheKind() {
    assertThat(bytes(LinkCodec.wireguard("wg0", 1440)))
        .isEqualTo(
            hex(
                // RTM_NEWLINK, NLM_F_REQUEST|ACK|EXCL|CREATE
                "44000000 1000 0506 07000000 00000000"
                    + "00000000 00000000 00000000 00000000"
                    + "0800 0300 77673000"
                    + "0800 0400 a0050000"
                    // IFLA_LINKINFO { IFLA_INFO_KIND "wireguard" }
                    + "1400 1280 0e00 0100 776972656775617264 00 0000"));
  }

  @Test
  void shouldSetKeyAndPort() {
    assertThat(bytes(WireguardCodec.setOwn(0x1f, "wg0", PRIVATE, 51820)))
        .isEqualTo(
            hex(
                "48000000 1f00 0500 07000000 00000000"
                    + "01 01 0000"
                    + IFNAME
                    + "2400 0300"
                    + HEX11
                    // WGDEVICE_A_LISTEN_PORT, 51820 = 0xca6c
                    + "0600 0600 6cca 0000"));
  }

  @Test
  void shouldSetAPeerWithItsEndpointAndNetworks() {
    WireguardPeer peer =
        new WireguardPeer(
            PUBLIC,
            IpAddress.parse("192.0.2.2"),
            51821,
            25,
            List.of(Cidr.parse("10.42.2.0/24"), Cidr.parse("fd42:0:0:2::/64")),
            0);

    assertThat(bytes(WireguardCodec.setPeers(0x1f, "wg0", List.of(peer))))
        .isEqualTo(
            hex(
                "b4000000 1f00 0500 07000000 00000000"
                    + "01 01 0000"
                    + IFNAME
                    // WGDEVICE_A_PEERS { 0 {
                    + "9800 0880 9400 0080"
                    + "2400 0100"
                    + HEX22
                    // WGPEER_A_FLAGS: WGPEER_F_REPLACE_ALLOWEDIPS
                    + "0800 0300 02000000"
                    // WGPEER_A_ENDPOINT: sockaddr_in
                    + "1400 0400 0200 ca6d c0000202 0000000000000000"
                    + "0600 0500 1900 0000"
                    // WGPEER_A_ALLOWEDIPS { 0 { family, address, mask } 0 { … } }
                    + "4800 0980"
                    + "1c00 0080 0600 0100 0200 0000 0800 0200 0a2a0200 0500 0300 18 000000"
                    + "2800 0080"
                    + "0600 0100 0a00 0000 1400 0200 fd420000000000020000000000000000"
                    + "0500 0300 40 000000"));
  }

  @Test
  void shouldRemoveAPeer() {
    assertThat(bytes(WireguardCodec.removePeers(0x1f, "wg0", List.of(OTHER))))
        .isEqualTo(
            hex(
                "50000000 1f00 0500 07000000 00000000"
                    + "01 01 0000"
                    + IFNAME
                    + "3400 0880 3000 0080"
                    + "2400 0100"
                    + HEX33
                    + "0800 0300 01000000"));
  }

  @Test
  void shouldReadADeviceWhosePeersComeInSeveralMessages() {
    String first =
        "00 01 0000"
            + "0600 0600 6cca 0000"
            + "0800 0700 00000000"
            + "0800 0100 05000000"
            + IFNAME
            + "2400 0300"
            + HEX11
            + "2400 0400"
            + HEX33
            + "7c00 0880 7800 0080"
            + "2400 0100"
            + HEX22
            // WGPEER_A_LAST_HANDSHAKE_TIME: seconds, nanoseconds
            + "1400 0600 0010000000000000 0000000000000000"
            + "0600 0500 1900 0000"
            + "1400 0400 0200 ca6d c0000202 0000000000000000"
            + "2000 0980 1c00 0080 0600 0100 0200 0000 0800 0200 0a2a0200 0500 0300 18 000000";
    String second =
        "00 01 0000"
            + IFNAME
            + "4c00 0880 4800 0080"
            + "2400 0100"
            + HEX22
            + "2000 0980 1c00 0080 0600 0100 0200 0000 0800 0200 0a2a0300 0500 0300 18 000000";

    Optional<WireguardDevice> device =
        WireguardCodec.join(
            List.of(WireguardCodec.decode(buffer(first)), WireguardCodec.decode(buffer(second))));

    assertThat(device)
        .contains(
            new WireguardDevice(
                Optional.of(PRIVATE),
                Optional.of(OTHER),
                51820,
                List.of(
                    new WireguardPeer(
                        PUBLIC,
                        IpAddress.parse("192.0.2.2"),
                        51821,
                        25,
                        List.of(Cidr.parse("10.42.2.0/24"), Cidr.parse("10.42.3.0/24")),
                        4096))));
  }

  @Test
  void shouldTakeADeviceWithoutAKeyAndWithBrokenAttributes() {
    WireguardDevice device =
        WireguardCodec.decode(buffer("00 01 0000 2400 0300" + "00".repeat(32) + "ffff 0880 0100"));

    assertThat(device)
        .isEqualTo(new WireguardDevice(Optional.empty(), Optional.empty(), 0, List.of()));
    assertThat(WireguardCodec.join(List.of())).isEmpty();
  }

  @Test
  void shouldShowNoKeyByAccident() {
    assertThat(PRIVATE.toString()).doesNotContain(PRIVATE.base64());
    assertThat(WireguardKey.find(PRIVATE.base64())).contains(PRIVATE);
    assertThat(WireguardKey.find("c2hvcnQ=")).isEmpty();
    assertThat(WireguardKey.find("not base64!")).isEmpty();
  }

  private static WireguardKey key(int value) {
    byte[] bytes = new byte[32];
    Arrays.fill(bytes, (byte) value);
    return WireguardKey.of(bytes);
  }

  private static String bytes(NetlinkMessage message) {
    ByteBuffer out = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
    message.writeTo(out, 7, true);
    return HexFormat.of().formatHex(out.array(), 0, out.position());
  }

  private static String hex(String text) {
    return text.replace(" ", "");
  }

  private static ByteBuffer buffer(String text) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex(text))).order(ByteOrder.LITTLE_ENDIAN);
  }
}
