package dev.weft.linux;

import java.net.InetAddress;
import java.util.Optional;

/**
 * A permanent entry of a VXLAN device's own forwarding table.
 *
 * @param mac the all-zero one stands for every unknown address and may have several remotes
 * @param remote the tunnel's other end; empty for entries of other kinds of device
 */
public record FdbEntry(int ifindex, String mac, Optional<InetAddress> remote) {
  /** Broadcast, multicast and unknown unicast. */
  public static final String ANY = "00:00:00:00:00:00";

  public FdbEntry(int ifindex, String mac, InetAddress remote) {
    this(ifindex, mac, Optional.of(remote));
  }
}
