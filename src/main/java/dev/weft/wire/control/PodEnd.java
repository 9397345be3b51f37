package dev.weft.wire.control;

import dev.weft.wire.path.WireEnd;

/**
 * A wire's end on this node.
 *
 * @param podIdentity identity of the namespace that holds the pod's interface; 0 if unknown
 */
public record PodEnd(WireEnd wireEnd, long podIdentity) {}
