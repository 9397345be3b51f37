package dev.weft.nsm;

import dev.weft.bus.Fact;
import dev.weft.pod.PodRef;

/**
 * A connection came up, moved, heals, or ended.
 *
 * @param happened {@code joining}, {@code up}, {@code moved} (up by another endpoint than before,
 *     or with other addresses or routes), {@code healing} or {@code ended}
 * @param state null if it ended
 * @param reason why it is not up, or why it ended; null if it is up
 */
public record ConnectionChanged(
    String id,
    String connection,
    String happened,
    PodRef clientPod,
    String clientInterface,
    String clientAddress,
    String provider,
    String endpointNode,
    String endpointAddress,
    ConnectionState state,
    String reason)
    implements Fact {
  /**
   * As a connection is now.
   *
   * @param moved whether it is up otherwise than before
   */
  public static ConnectionChanged of(ConnectionStatus now, String connection, boolean moved) {
    return new ConnectionChanged(
        now.id(),
        connection,
        now.state() == null ? "ended" : moved ? "moved" : now.state().toString(),
        now.clientPod(),
        now.clientInterface(),
        now.clientAddress(),
        now.provider(),
        now.endpointNode(),
        now.endpointAddress(),
        now.state(),
        now.reason());
  }

  @Override
  public String subject() {
    return id;
  }

  @Override
  public String text() {
    String what = "connection " + id + " to " + connection;
    if (state == null) {
      return what + " ended: " + reason;
    }
    if (happened.equals("moved")) {
      return what + " moved: " + clientAddress + " by " + provider + " on node " + endpointNode;
    }
    return reason == null
        ? what + " is " + state + " by " + provider
        : what + " " + state + ": " + reason;
  }

  @Override
  public Severity severity() {
    return state == ConnectionState.HEALING ? Severity.WARNING : Severity.INFO;
  }
}
