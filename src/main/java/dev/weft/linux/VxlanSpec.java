package dev.weft.linux;

import java.net.InetAddress;
import java.util.Optional;

/**
 * A VXLAN device (RFC 7348), wanted or existing.
 *
 * @param vni 1..16777215
 * @param local source address of the tunnel
 * @param remote the only other end; empty if FDB entries name the other ends
 * @param port UDP destination, 1..65535; IANA's is 4789
 * @param underlay index of the device that carries the tunnel; 0 for the one of the route
 * @param learning whether source addresses are learnt into the FDB
 * @param mtu 68..65535 bytes
 */
public record VxlanSpec(
    String name,
    int vni,
    InetAddress local,
    Optional<InetAddress> remote,
    int port,
    int underlay,
    boolean learning,
    int mtu) {
  public VxlanSpec {
    InterfaceName.check(name);
    if (vni < 1 || vni > 0xffffff) {
      throw new IllegalArgumentException("vni: " + vni + " (expected: 1..16777215)");
    }
    if (port < 1 || port > 0xffff) {
      throw new IllegalArgumentException("port: " + port + " (expected: 1..65535)");
    }
    LinkCodec.checkMtu(mtu);
  }

  /** The same tunnel under another name, with another MTU. */
  public VxlanSpec named(String other, int otherMtu) {
    return new VxlanSpec(other, vni, local, remote, port, underlay, learning, otherMtu);
  }
}
