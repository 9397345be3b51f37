package dev.weft.wire.control;

import dev.weft.wire.path.WireEnd;

/**
 * A wire's end on this node.
 *
 * @param podIdentity of the namespace that its pod's interface is in; 0 if nobody asks
 */
public record PodEnd(WireEnd wireEnd, long podIdentity) {}
