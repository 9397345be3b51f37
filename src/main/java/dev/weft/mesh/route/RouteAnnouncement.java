package dev.weft.mesh.route;

import java.util.List;

/**
 * A destination that a node reaches, as it tells the other end of a link.
 *
 * @param hops the nodes that a frame passes, the announcing node last, the destination not among
 *     them
 * @param rttMicros round trip from the announcing node to the destination, microseconds; {@link
 *     #UNKNOWN} if it has not been measured
 */
public record RouteAnnouncement(long destination, List<Long> hops, long rttMicros) {
  /** An unknown RTT, worse than any known one. */
  public static final long UNKNOWN = Long.MAX_VALUE;

  public RouteAnnouncement {
    hops = List.copyOf(hops);
  }
}
