package dev.weft.reach.path;

import dev.weft.address.HostPort;
import dev.weft.identity.NodeId;
import java.time.Duration;
import java.util.Optional;

/**
 * A node's UDP port to which there should be a path.
 *
 * @param at as it is seen from here; a host name is resolved each time it is tried anew
 * @param node which node must be there; empty for any node of the mesh
 * @param timeout after which an attempt counts as failed, more than 0; it is tried on all the same
 */
public record PathTarget(HostPort at, Optional<NodeId> node, Duration timeout) {}
