package dev.weft.api;

import java.util.Optional;

/** By which way this node reaches others. */
public interface NodeWays {
  /** Empty if this node has no connection to that one. */
  Optional<Way> way(String nodeId);

  /**
   * One of them.
   *
   * @param kind {@code direct}, {@code external}, {@code punched} or {@code mesh}
   * @param path where datagrams go if it is punched, else null
   * @param rttMicros round trip by that path; null without one
   * @param mtu the longest UDP payload that has been proved to pass there; null without one
   * @param reason why it is not a better one; null if there is none better
   */
  record Way(String kind, String path, Long rttMicros, Integer mtu, String reason) {
    /** A way that is no path by UDP. */
    public Way(String kind, String reason) {
      this(kind, null, null, null, reason);
    }
  }
}
