package dev.weft.subnet.wireguard;

import dev.weft.address.Cidr;
import java.net.InetAddress;
import java.util.List;

/**
 * Another member with WireGuard.
 *
 * @param endpoint its underlay address
 * @param subnets of its pods
 * @param keys what it announces
 * @param sendsBy the oldest generation that it sends by; 0 if it does not say
 */
public record WireguardMember(
    String node, InetAddress endpoint, List<Cidr> subnets, List<AnnouncedKey> keys, long sendsBy) {
  boolean has(long generation) {
    return keys.stream().anyMatch(key -> key.generation() == generation);
  }
}
