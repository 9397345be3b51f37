package dev.weft.wire.control;

import dev.weft.wire.path.WireEnd;

/**
 * A wire's end on this node.
 *
 * @param podIdentity identity of the namespace that holds the pod's interface; 0 if unknown
 * @param outside whether it is no link of the node's namespace: an interface of the host, or a port
 *     of a segment
 */
public record PodEnd(WireEnd wireEnd, long podIdentity, boolean outside) {
  public PodEnd(WireEnd wireEnd, long podIdentity) {
    this(wireEnd, podIdentity, false);
  }

  /** Whether it is that link of the node's namespace. */
  boolean isNodeEnd(int ifindex) {
    return !outside && wireEnd.ifindex() == ifindex;
  }
}
