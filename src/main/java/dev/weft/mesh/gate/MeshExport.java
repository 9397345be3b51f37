package dev.weft.mesh.gate;

import java.util.List;

/**
 * A service that this node offers to the mesh.
 *
 * @param target where its server listens, {@code host:port} or {@code unix:PATH}
 * @param allow ids of the nodes that may connect; empty for all
 * @param origin {@code configured} or {@code created} by a call
 * @param state {@code up}, or {@code down} if the last connection to the server could not be made
 * @param reason why it could not; empty while it is up
 * @param connections that are open
 * @param made connections since the export was made
 * @param failed connections that could not be made
 * @param sent bytes from the server into the mesh
 * @param received bytes from the mesh for the server
 */
public record MeshExport(
    String name,
    String target,
    List<String> allow,
    String origin,
    String state,
    String reason,
    int connections,
    long made,
    long failed,
    long sent,
    long received) {}
