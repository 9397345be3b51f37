package dev.weft.api;

import dev.weft.mesh.peer.MeshPeer;
import java.time.Instant;
import java.util.List;

/**
 * A peer as the API shows it: {@link MeshPeer} with the node that has it.
 *
 * @param node that has the peer
 * @param reason null while it is up
 * @param via null without a route
 * @param path null without a route
 * @param rttMicros null while it is not up
 */
record MeshPeerView(
    String node,
    String peer,
    String state,
    String reason,
    boolean accepted,
    String via,
    String path,
    Long rttMicros,
    int streams,
    List<String> services,
    Instant since) {

  static MeshPeerView of(String node, MeshPeer peer) {
    return new MeshPeerView(
        node,
        peer.node(),
        peer.state(),
        peer.reason().isEmpty() ? null : peer.reason(),
        peer.accepted(),
        peer.via().isEmpty() ? null : peer.via(),
        peer.path().isEmpty() ? null : peer.path(),
        peer.rttMicros(),
        peer.streams(),
        peer.services(),
        Instant.ofEpochMilli(peer.since()));
  }
}
