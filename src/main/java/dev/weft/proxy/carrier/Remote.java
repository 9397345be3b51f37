package dev.weft.proxy.carrier;

import dev.weft.address.HostPort;
import dev.weft.identity.NodeId;
import java.time.Duration;
import java.util.Optional;

/**
 * A node at an address.
 *
 * @param at its UDP port as it is seen from here; a host name is resolved whenever it is dialled
 * @param node which node must answer; empty for any node of the mesh
 * @param nat whether it is behind a NAT: both sides send at about the same time, until they hear
 *     each other, and then keep the NATs' mappings alive
 * @param timeout after which an attempt to reach it has failed
 */
public record Remote(HostPort at, Optional<NodeId> node, boolean nat, Duration timeout) {}
