package dev.weft.mesh.peer;

import java.util.List;

/**
 * Another node of the mesh, and the connections to it.
 *
 * @param node its id
 * @param state {@code connecting}, {@code up} or {@code down}: of the connection that this node
 *     dials, by which it reaches the other's services
 * @param reason why it is not up; empty if it is, or was not tried yet
 * @param accepted whether the other node's own connection stands, by which it reaches this node's
 *     services, and tells of its own
 * @param via the node next on the way; the same as {@code node} without another between
 * @param path {@code udp address:port} where datagrams go straight to the node, {@code mesh} where
 *     links carry them; empty without either
 * @param rttMicros round trip as QUIC measures it, microseconds; null if it is not up
 * @param streams that are open in both connections, without their control streams
 * @param services what the node exports, sorted
 * @param since Unix milliseconds of the state's beginning
 */
public record MeshPeer(
    String node,
    String state,
    String reason,
    boolean accepted,
    String via,
    String path,
    Long rttMicros,
    int streams,
    List<String> services,
    long since) {}
