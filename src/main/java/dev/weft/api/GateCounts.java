package dev.weft.api;

import dev.weft.mesh.gate.GateState;

/**
 * What an export or a forward has counted since it was made.
 *
 * @param open connections that stand
 * @param made connections that could be made, those that have ended among them
 * @param failed connections that could not
 * @param sentBytes from this host into the mesh
 * @param receivedBytes from the mesh for this host
 */
record GateCounts(int open, long made, long failed, long sentBytes, long receivedBytes) {
  static GateCounts of(GateState now) {
    return new GateCounts(now.connections(), now.made(), now.failed(), now.sent(), now.received());
  }
}
