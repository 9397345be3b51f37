package dev.weft.api;

import dev.weft.proxy.track.TrackedRow;

/**
 * A connection of a proxy as the API shows it: {@link TrackedRow} with the node that has it.
 *
 * @param peer null for any node of the mesh
 * @param path null while the peer is not reached
 * @param reason null while it is
 */
record ProxyConnectionView(
    String node,
    String side,
    String to,
    String peer,
    String kind,
    String transport,
    String origin,
    String state,
    String path,
    String reason,
    int streams,
    long timeoutMillis) {

  static ProxyConnectionView of(String node, TrackedRow row) {
    return new ProxyConnectionView(
        node,
        row.side(),
        row.at(),
        row.peer(),
        row.kind(),
        row.transport(),
        row.origin(),
        row.state(),
        row.path(),
        row.reason(),
        row.streams(),
        row.timeoutMillis());
  }

  boolean well() {
    return state.equals("established") || state.equals("composed");
  }
}
