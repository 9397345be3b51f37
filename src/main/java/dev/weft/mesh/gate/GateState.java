package dev.weft.mesh.gate;

import dev.weft.rpc.socket.PipeTraffic;

/**
 * How an export or a forward fares.
 *
 * @param origin {@code configured} or {@code created} by a call
 * @param state {@code up}, or {@code down} if the last connection could not be made, or a forward
 *     cannot listen
 * @param reason why; empty while it is up
 * @param connections that are open
 * @param made connections since it was made
 * @param failed connections that could not be made
 * @param sent bytes from this host into the mesh
 * @param received bytes from the mesh for this host
 */
public record GateState(
    String origin,
    String state,
    String reason,
    int connections,
    long made,
    long failed,
    long sent,
    long received) {

  static GateState of(GateOrigin origin, PipeTraffic traffic) {
    return new GateState(
        origin.word(),
        traffic.state(),
        traffic.reason(),
        traffic.open(),
        traffic.made(),
        traffic.failures(),
        traffic.sentBytes(),
        traffic.receivedBytes());
  }
}
