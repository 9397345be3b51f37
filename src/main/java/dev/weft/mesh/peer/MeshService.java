package dev.weft.mesh.peer;

import java.util.List;

/**
 * A name under which something can be connected to in the mesh.
 *
 * @param nodes ids of those that export it, sorted
 */
public record MeshService(String name, List<String> nodes) {}
