package dev.weft.api;

import java.util.Optional;

/** By which way this node reaches others. */
public interface NodeWays {
  /** Empty if this node has no connection to that one. */
  Optional<Way> way(String nodeId);

  /**
   * One of them.
   *
   * @param kind {@code direct}, {@code external} or {@code mesh}
   * @param reason why it is not a better one; null if there is none better
   */
  record Way(String kind, String reason) {}
}
