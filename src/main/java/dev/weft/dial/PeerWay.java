package dev.weft.dial;

import dev.weft.bus.Fault;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import dev.weft.identity.NodeId;
import dev.weft.reach.PeerPort;
import dev.weft.rpc.Loop;
import dev.weft.rpc.QuicConnection;
import dev.weft.rpc.RpcConnection;
import io.vertx.core.Future;
import java.util.Optional;

/** The way to members through the mesh: QUIC whose datagrams other nodes carry, and cannot read. */
final class PeerWay implements Way {
  private final Cluster cluster;
  private final PeerPort port;

  PeerWay(Cluster cluster, PeerPort port) {
    this.cluster = cluster;
    this.port = port;
  }

  @Override
  public String kind() {
    return "mesh";
  }

  @Override
  public boolean leadsTo(String nodeId) {
    return cluster.member(nodeId).isPresent() && port.reaches(new NodeId(nodeId));
  }

  @Override
  public Future<? extends RpcConnection> connect(String nodeId, Loop on) {
    Optional<Member> member = cluster.member(nodeId);
    if (member.isEmpty()) {
      return Future.failedFuture(
          Fault.UNAVAILABLE.because("node " + nodeId + " is not a live member"));
    }
    return port.dial(new NodeId(nodeId), QuicConnection.PROTOCOL, on, (channel, loop) -> {})
        .map(channel -> new QuicConnection(channel, on).watch())
        .recover(
            e ->
                Future.failedFuture(
                    Fault.UNAVAILABLE.because(
                        "node " + member.get().name() + " through the mesh: " + e.getMessage(),
                        e)));
  }
}
