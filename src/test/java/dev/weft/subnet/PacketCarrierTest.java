package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.config.SubnetsConfig;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PacketCarrierTest {
  /** Sides as {@code asked vxlan mesh wg}, with - for what a side lacks. */
  @ParameterizedTest
  @CsvSource({
    // As configured without a word: VXLAN, and a tunnel to whom no VXLAN reaches.
    "VXLAN vxlan mesh, VXLAN vxlan mesh, VXLAN",
    "VXLAN vxlan mesh, VXLAN - mesh, MESH",
    "VXLAN - mesh, VXLAN - mesh, MESH",
    // A version, or a node, without tunnels.
    "VXLAN vxlan -, VXLAN vxlan mesh, VXLAN",
    "VXLAN vxlan -, AUTO vxlan mesh, VXLAN",
    "VXLAN vxlan -, VXLAN - mesh, NONE",
    "VXLAN vxlan -, MESH vxlan mesh, NONE",
    // One node that asks is enough.
    "AUTO vxlan mesh, VXLAN vxlan mesh, MESH",
    "AUTO vxlan mesh, AUTO vxlan mesh, MESH",
    "AUTO vxlan -, AUTO vxlan -, VXLAN",
    "MESH vxlan mesh, VXLAN vxlan mesh, MESH",
    "MESH vxlan mesh, AUTO vxlan mesh, MESH",
    "MESH vxlan -, MESH vxlan mesh, NONE",
    // WireGuard, the best that is encrypted, where both kernels have it and one node asks.
    "AUTO vxlan mesh wg, AUTO vxlan mesh wg, WIREGUARD",
    "AUTO vxlan mesh wg, VXLAN vxlan - wg, WIREGUARD",
    "VXLAN vxlan mesh wg, VXLAN vxlan mesh wg, VXLAN",
    "WIREGUARD vxlan mesh wg, VXLAN vxlan mesh wg, WIREGUARD",
    "WIREGUARD vxlan mesh wg, MESH vxlan mesh wg, MESH",
    "AUTO vxlan mesh wg, AUTO vxlan mesh, MESH",
    "AUTO vxlan - wg, AUTO vxlan -, VXLAN",
    "WIREGUARD vxlan mesh, WIREGUARD vxlan mesh wg, MESH",
    "WIREGUARD vxlan -, AUTO vxlan mesh wg, NONE",
    "WIREGUARD vxlan mesh wg, WIREGUARD - mesh wg, MESH",
  })
  void shouldChooseTheSameAtBothNodes(String one, String other, PacketCarrier chosen) {
    assertThat(PacketCarrier.between(side(one), side(other))).isEqualTo(chosen);
    assertThat(PacketCarrier.between(side(other), side(one))).isEqualTo(chosen);
  }

  private static PacketCarrier.Side side(String text) {
    String[] words = text.split(" ", -1);
    return new PacketCarrier.Side(
        SubnetsConfig.Carrier.valueOf(words[0]),
        words[1].equals("vxlan"),
        words[2].equals("mesh"),
        words.length > 3);
  }
}
