package dev.weft.reach.path;

import dev.weft.bus.Fault;
import dev.weft.identity.NodeId;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * How a path stands.
 *
 * @param node who is there; empty as long as nobody has proved it
 * @param at where the node's datagrams come from; null unless the path is established
 * @param rttMicros round trip, smoothed; null unless the path is established
 * @param fault the kind of {@code reason}: DENIED if another node than the one that must be there
 *     has answered, UNAVAILABLE, TIMEOUT; null without one
 * @param reason why there is no path, or why it is another than before; empty if there is nothing
 *     to say
 */
public record PathStatus(
    PathState state,
    Optional<NodeId> node,
    InetSocketAddress at,
    Long rttMicros,
    Fault fault,
    String reason) {}
