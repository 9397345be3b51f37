package dev.weft.mesh;

/**
 * A node on the way to another one.
 *
 * @param hop from 1
 * @param rttMicros round trip between this node and that one, microseconds
 */
public record MeshHop(int hop, String node, long rttMicros) {}
