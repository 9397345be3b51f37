package dev.weft.api;

import io.vertx.core.Future;
import java.util.List;

/** How this node is connected: what a node's assembly knows and no room does. */
public interface NetChecks {
  Future<NetCheck> check();

  /**
   * What is known of the network before this node, and by which way others are reached. Nothing is
   * measured for it.
   *
   * @param port the node's UDP port, host:port; null without one
   * @param udp whether anybody answers over UDP: {@code yes}, {@code no}, {@code unknown}; so
   *     {@code ipv6} and {@code hairpin}
   * @param mapping on what the public port depends: {@code no-nat}, {@code endpoint-independent},
   *     {@code address-dependent}, {@code address-and-port-dependent}, {@code unknown}; so {@code
   *     filtering}, which has no {@code no-nat}
   * @param lifetime of a mapping without traffic
   * @param keepaliveMillis how often something is sent to a node behind a NAT
   * @param publicAddresses where others may reach the port, the best first
   * @param portMapping what routers say of a mapping of the port
   */
  record NetCheck(
      String node,
      String port,
      String udp,
      String ipv6,
      String mapping,
      String filtering,
      String hairpin,
      Lifetime lifetime,
      long keepaliveMillis,
      List<String> publicAddresses,
      List<SeenBy> seenBy,
      PortMapping portMapping,
      List<Way> ways) {}

  /**
   * How long a mapping stands, seconds.
   *
   * @param alive a silence after which it stood; null if not measured
   * @param expired one after which it was gone; null if none was found
   */
  record Lifetime(Long alive, Long expired) {}

  /**
   * A server, or a node, that was asked.
   *
   * @param seen where it sees the port; null if it does not answer
   */
  record SeenBy(String server, String seen) {}

  /**
   * The router's mapping of the port.
   *
   * @param external where the router takes datagrams for it; null without a mapping
   * @param protocol {@code PCP} or {@code NAT-PMP}; null without a mapping
   * @param reason why there is none; null if there is one
   */
  record PortMapping(String external, String protocol, String router, String reason) {}

  /**
   * The way to another node.
   *
   * @param name null for a node that is no member
   * @param kind {@code direct}, {@code external}, {@code punched}, {@code mesh}; null if it is not
   *     reached
   * @param path where datagrams go if it is punched, else null
   * @param mtu the longest UDP payload that has been proved to pass there; null for another kind
   * @param via the next node on the way through the mesh; null for none
   * @param rttMicros round trip by the path or through the mesh; null if unknown
   * @param reason why the way is not a better one; null if there is none better
   */
  record Way(
      String node,
      String name,
      String kind,
      String path,
      Integer mtu,
      String via,
      Long rttMicros,
      String reason) {}
}
