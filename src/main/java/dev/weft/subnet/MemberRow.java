package dev.weft.subnet;

import dev.weft.config.SubnetsConfig;
import dev.weft.subnet.wireguard.AnnouncedKey;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What a member tells the others in its owned table.
 *
 * @param subnet null while the member has none, or must not use the one it has
 * @param subnet6 its part of {@code subnets.cidr6}; null without
 * @param endpoint underlay address; null while the member knows none
 * @param mac of the member's overlay device
 * @param mtu of the member's pods, bytes
 * @param carrier its {@code subnets.carrier}, as {@link #word} has it; null for a version that had
 *     none
 * @param mesh whether it makes tunnels
 * @param wireguard its public keys of WireGuard, none yet if the list is empty; null without
 * @param sendsBy the oldest generation of its keys that it sends by; 0 for none
 * @param strays addresses of its pods in a subnet that it has lost; null for none
 * @param guests node ids by address, for addresses of its subnet that other nodes' pods have, and
 *     then also its own; null for none
 * @param witness address of a pod that answers the member itself; null for none
 */
record MemberRow(
    String subnet,
    String subnet6,
    String endpoint,
    String mac,
    int mtu,
    String carrier,
    boolean mesh,
    List<AnnouncedKey> wireguard,
    long sendsBy,
    List<String> strays,
    Map<String, String> guests,
    String witness) {
  /** What a member leaves out of its lists by mistake stops nobody else. */
  MemberRow {
    wireguard =
        wireguard == null
            ? null
            : wireguard.stream().filter(key -> key != null && key.key() != null).toList();
    strays = strays == null ? null : strays.stream().filter(Objects::nonNull).toList();
    guests = guests == null ? null : withoutNulls(guests);
  }

  private static Map<String, String> withoutNulls(Map<String, String> guests) {
    Map<String, String> kept = new TreeMap<>(guests);
    kept.values().removeIf(Objects::isNull);
    return kept;
  }

  static String word(SubnetsConfig.Carrier carrier) {
    return carrier.name().toLowerCase(Locale.ROOT);
  }

  /** A word that this version does not know asks for something better than VXLAN. */
  private SubnetsConfig.Carrier asked() {
    if (carrier == null) {
      return SubnetsConfig.Carrier.VXLAN;
    }
    return Arrays.stream(SubnetsConfig.Carrier.values())
        .filter(known -> word(known).equals(carrier))
        .findFirst()
        .orElse(SubnetsConfig.Carrier.AUTO);
  }

  /**
   * @param vxlan whether VXLAN may reach the member
   */
  PacketCarrier.Side side(boolean vxlan) {
    return new PacketCarrier.Side(asked(), vxlan, mesh, wireguard != null);
  }
}
