package dev.weft.proxy;

import java.util.List;
import java.util.Map;

/**
 * How the two proxies stand.
 *
 * @param transport the name of the standard one
 */
public record ProxyStatus(String transport, Forward forward, Reverse reverse) {
  /**
   * What a proxy has counted since it was started.
   *
   * @param open streams that stand
   * @param made streams that could be made, those that have ended among them
   * @param failed those that could not
   * @param sent bytes from this host
   * @param received bytes for this host
   */
  public record Counts(int open, long made, long failed, long sent, long received) {
    static final Counts NONE = new Counts(0, 0, 0, 0, 0);
  }

  /**
   * The forward proxy.
   *
   * @param state {@code up}, {@code down} if it cannot run, or {@code off}
   * @param reason why it is down, or why the last stream failed; null for none
   * @param listen host:port; null while it is not up
   * @param members whether members need not be added
   * @param ports its UDP ports by transport; 0 for one that shares the node's
   */
  public record Forward(
      String state,
      String reason,
      String listen,
      boolean members,
      Map<String, Integer> ports,
      Counts streams) {}

  /**
   * The reverse proxy.
   *
   * @param state {@code up}, {@code down} if it cannot run, or {@code off}
   * @param reason why it is down, or why the last stream failed; null for none
   * @param target of the server; null while it is off
   * @param allow ids of the nodes that may connect; empty for all
   * @param ports its UDP ports by transport; 0 for one that shares the node's
   */
  public record Reverse(
      String state,
      String reason,
      String target,
      List<String> allow,
      Map<String, Integer> ports,
      Counts streams) {}
}
