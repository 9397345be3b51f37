package dev.weft.mesh.route;

import java.util.List;

/**
 * The way by which a node reaches another one.
 *
 * @param link the link that frames take from here
 * @param hops the nodes on the way, the next first, the destination last
 * @param rttMicros round trip to the destination, microseconds; {@link RouteAnnouncement#UNKNOWN}
 *     if a part of the way has not been measured
 */
public record Path<L>(long destination, L link, List<Long> hops, long rttMicros) {}
