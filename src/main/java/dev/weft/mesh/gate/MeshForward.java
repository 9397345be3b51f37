package dev.weft.mesh.gate;

/**
 * Where this node opens a service of the mesh.
 *
 * @param listen for clients, {@code address:port} or {@code unix:PATH}
 * @param to id or name of the node that exports the service, or {@code any}
 * @param origin {@code configured} or {@code created} by a call
 * @param state {@code up}; {@code down} if it cannot listen, or if the last client could not be
 *     connected
 * @param reason why; empty while it is up
 * @param connections that are open
 * @param made connections since the forward was made
 * @param failed clients that could not be connected
 * @param sent bytes from clients into the mesh
 * @param received bytes from the mesh for clients
 */
public record MeshForward(
    String listen,
    String to,
    String service,
    String origin,
    String state,
    String reason,
    int connections,
    long made,
    long failed,
    long sent,
    long received) {}
