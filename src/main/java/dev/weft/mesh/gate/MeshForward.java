package dev.weft.mesh.gate;

/**
 * Where this node opens a service of the mesh.
 *
 * @param listen for clients, {@code address:port} or {@code unix:PATH}
 * @param to id or name of the node that exports the service, or {@code any}
 */
public record MeshForward(String listen, String to, String service, GateState now) {}
