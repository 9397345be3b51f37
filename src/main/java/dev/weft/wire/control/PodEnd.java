package dev.weft.wire.control;

import dev.weft.wire.path.WireEnd;

/**
 * A wire's end on this node.
 *
 * @param podIdentity identity of the namespace that holds the pod's interface; 0 if unknown
 * @param nic whether it is an interface of the host, and not one of the node's namespace
 */
public record PodEnd(WireEnd wireEnd, long podIdentity, boolean nic) {
  public PodEnd(WireEnd wireEnd, long podIdentity) {
    this(wireEnd, podIdentity, false);
  }

  /** Whether it is that link of the node's namespace. */
  boolean isNodeEnd(int ifindex) {
    return !nic && wireEnd.ifindex() == ifindex;
  }
}
