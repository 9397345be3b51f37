package dev.weft.mesh;

/**
 * A link to another node.
 *
 * @param id names the link on this node
 * @param kind {@code udp}, {@code tcp}, {@code unix}, {@code exec}, {@code serial}
 * @param remote the other end: an address, a path, a command
 * @param node the other node's id; empty until it has introduced itself
 * @param state {@code connecting}, {@code up} or {@code down}; up only while frames arrive
 * @param reason why it is not up; empty if it is
 * @param origin {@code member}, {@code configured} or {@code accepted}
 * @param proof {@code certificate}, {@code key} (without a CA) or "none"
 * @param seenFrom this node's address and port as the other end sees it; empty where there are no
 *     addresses, or before it has introduced itself
 * @param rttMicros smoothed round trip, microseconds; null until it is measured
 * @param dropped frames of any direction that were not understood, or found no room
 * @param since Unix milliseconds of the state's beginning
 */
public record MeshLink(
    String id,
    String kind,
    String remote,
    String node,
    String state,
    String reason,
    String origin,
    String proof,
    String seenFrom,
    Long rttMicros,
    long sentFrames,
    long sentBytes,
    long receivedFrames,
    long receivedBytes,
    long dropped,
    long since) {}
