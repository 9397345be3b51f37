package dev.weft.wire;

import dev.weft.linux.PacketSocket;

/**
 * The end of a grpc wire on this node, while it stands: where frames from the peer go and frames
 * for the peer come from.
 *
 * @param interfaceId random, 62 bits: only the peer node learns it
 * @param peerNode the one node that may send to it
 */
record WireEnd(
    long interfaceId,
    String wire,
    String peerNode,
    int ifindex,
    PacketSocket socket,
    TrafficCounter sent,
    TrafficCounter received)
    implements AutoCloseable {
  @Override
  public void close() {
    socket.close();
  }
}
