package dev.weft.mesh;

import java.util.List;

/**
 * How this node reaches another one through the mesh.
 *
 * @param destination node id
 * @param via the next node on the way; the destination itself if there is a link to it
 * @param link the {@link MeshLink#id} of the link that frames take
 * @param hops the nodes on the way, next first, the destination last
 * @param rttMicros round trip, microseconds; null if a part of the way has not been measured
 */
public record MeshRoute(
    String destination, String via, String link, List<String> hops, Long rttMicros) {}
