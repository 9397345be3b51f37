package dev.weft.wire;

import java.time.Instant;

/**
 * A wire's present state and counters.
 *
 * @param reason why the wire is not up; null if it is
 * @param since when the wire entered this state
 * @param sent from the pod on this node towards the peer
 * @param received from the peer towards the pod on this node
 */
public record WireStatus(
    WireSpec spec, WireState state, String reason, Instant since, Traffic sent, Traffic received) {

  /**
   * Counters of one direction since the node started. A super-frame counts its segments.
   *
   * @param drops frames lost here, by any cause
   */
  public record Traffic(long frames, long bytes, long drops) {
    public static final Traffic NONE = new Traffic(0, 0, 0);
  }
}
