package dev.weft.dial;

/**
 * The way by which a node is reached.
 *
 * @param kind {@code direct}, {@code external}, {@code punched} (QUIC by UDP straight to the node)
 *     or {@code mesh} (QUIC through other nodes' links)
 * @param path where datagrams go, {@code udp address:port}; null for other kinds than punched
 * @param rttMicros round trip, smoothed, microseconds; null for other kinds than punched
 * @param mtu the longest UDP payload that is sent, and has been proved to pass; null for other
 *     kinds than punched
 * @param reason why it is not a better one, that of the last attempt; null if there is none better
 */
public record WayState(String kind, String path, Long rttMicros, Integer mtu, String reason) {
  /** A way that is no path by UDP. */
  public WayState(String kind, String reason) {
    this(kind, null, null, null, reason);
  }
}
