package dev.weft.linux;

import dev.weft.address.Cidr;
import java.net.InetAddress;
import java.util.Set;

/**
 * Which packets of one VXLAN (RFC 7348) a host takes.
 *
 * @param port UDP destination
 * @param vni of the VXLAN; others on the same port are left alone
 * @param senders the hosts that may send
 * @param shared networks from which any sender may pass packets on
 */
public record VxlanFence(int port, int vni, Set<Sender> senders, Set<Cidr> shared) {
  /**
   * A host that may send.
   *
   * @param underlay its address outside
   * @param inside the network that its packets come from
   */
  public record Sender(InetAddress underlay, Cidr inside) {}
}
