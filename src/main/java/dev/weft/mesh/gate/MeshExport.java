package dev.weft.mesh.gate;

import java.util.List;

/**
 * A service that this node offers to the mesh.
 *
 * @param target where its server listens, {@code host:port} or {@code unix:PATH}
 * @param allow ids of the nodes that may connect; empty for all
 */
public record MeshExport(String name, String target, List<String> allow, GateState now) {}
