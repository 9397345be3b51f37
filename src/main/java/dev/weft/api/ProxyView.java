package dev.weft.api;

import dev.weft.proxy.ProxyStatus;
import java.util.List;
import java.util.Map;

/** The proxies as the API shows them: {@link ProxyStatus} with the node that has them. */
record ProxyView(String node, String transport, Forward forward, Reverse reverse) {
  /**
   * The forward proxy.
   *
   * @param udp its UDP ports by transport; 0 for one that shares the node's
   */
  record Forward(
      String state,
      String reason,
      String listen,
      boolean members,
      Map<String, Integer> udp,
      GateCounts streams) {}

  /**
   * The reverse proxy.
   *
   * @param udp its UDP ports by transport; 0 for one that shares the node's
   */
  record Reverse(
      String state,
      String reason,
      String target,
      List<String> allow,
      Map<String, Integer> udp,
      GateCounts streams) {}

  static ProxyView of(String node, ProxyStatus status) {
    ProxyStatus.Forward f = status.forward();
    ProxyStatus.Reverse r = status.reverse();
    return new ProxyView(
        node,
        status.transport(),
        new Forward(f.state(), f.reason(), f.listen(), f.members(), f.ports(), counts(f.streams())),
        new Reverse(r.state(), r.reason(), r.target(), r.allow(), r.ports(), counts(r.streams())));
  }

  private static GateCounts counts(ProxyStatus.Counts c) {
    return new GateCounts(c.open(), c.made(), c.failed(), c.sent(), c.received());
  }
}
