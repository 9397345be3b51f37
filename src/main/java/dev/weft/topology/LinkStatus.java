package dev.weft.topology;

import dev.weft.pod.PodRef;

/**
 * A link as it stands, seen from one of its pods.
 *
 * @param wire the wire's id, which both ends share; null where there can be none
 * @param state {@code up}, {@code joining}, {@code waiting}, {@code failed}, {@code down}, {@code
 *     contradiction}, or {@code unknown} while the node that has the wire does not answer
 * @param reason why it is not up, null when it is
 * @param node where this pod is registered, null if nowhere
 * @param peerNode where the peer is registered, null if nowhere
 * @param mtu of the interface, bytes; as asked for until there is one
 */
public record LinkStatus(
    PodRef pod,
    long uid,
    String localIntf,
    String localIp,
    PodRef peer,
    String peerIntf,
    String peerIp,
    String wire,
    String kind,
    int mtu,
    String state,
    String reason,
    String node,
    String peerNode) {}
