package dev.weft.nsm;

import dev.weft.bus.Fact;

/**
 * A connection came up, heals, or ended.
 *
 * @param state null if it ended
 * @param reason why it is not up, or why it ended; null if it is up
 */
public record ConnectionChanged(
    String id, String connection, String provider, ConnectionState state, String reason)
    implements Fact {
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
    return reason == null
        ? what + " is " + state + " by " + provider
        : what + " " + state + ": " + reason;
  }

  @Override
  public Severity severity() {
    return state == ConnectionState.HEALING ? Severity.WARNING : Severity.INFO;
  }
}
