package dev.weft.api;

import dev.weft.mesh.gate.MeshForward;

/**
 * A forward as the API shows it: {@link MeshForward} with the node that has it.
 *
 * @param to whose service it opens: an id, a name or {@code any}
 * @param reason null while it is up
 */
record MeshForwardView(
    String node,
    String listen,
    String to,
    String service,
    String origin,
    String state,
    String reason,
    GateCounts connections) {

  static MeshForwardView of(String node, MeshForward forward) {
    return new MeshForwardView(
        node,
        forward.listen(),
        forward.to(),
        forward.service(),
        forward.now().origin(),
        forward.now().state(),
        forward.now().reason().isEmpty() ? null : forward.now().reason(),
        GateCounts.of(forward.now()));
  }
}
