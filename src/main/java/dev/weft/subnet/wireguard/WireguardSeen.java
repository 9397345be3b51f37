package dev.weft.subnet.wireguard;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a pass found of WireGuard.
 *
 * @param keys to be announced; null if this host has no WireGuard, or is not to use it
 * @param sendsBy to be announced beside
 * @param devices by node id, the name of the device by which packets go to a member
 * @param up ids of the members with which a handshake was done of late
 * @param trouble what is wrong with the devices; null if nothing is
 */
public record WireguardSeen(
    List<AnnouncedKey> keys,
    long sendsBy,
    Map<String, String> devices,
    Set<String> up,
    String trouble) {
  public static final WireguardSeen NONE = new WireguardSeen(null, 0, Map.of(), Set.of(), null);

  /** The same with something that is wrong. */
  public WireguardSeen but(String why) {
    return new WireguardSeen(keys, sendsBy, devices, up, why);
  }
}
