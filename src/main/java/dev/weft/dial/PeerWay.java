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

/** The way to nodes through the mesh: QUIC whose datagrams other nodes carry, and cannot read. */
final class PeerWay implements Way {
  private final Cluster cluster;

  /** Empty until the mesh runs. */
  private volatile Optional<PeerPort> port = Optional.empty();

  PeerWay(Cluster cluster) {
    this.cluster = cluster;
  }

  void open(PeerPort opened) {
    port = Optional.of(opened);
  }

  @Override
  public String kind() {
    return "mesh";
  }

  @Override
  public boolean leadsTo(String nodeId) {
    return port.filter(p -> p.reaches(new NodeId(nodeId))).isPresent();
  }

  @Override
  public Future<? extends RpcConnection> connect(String nodeId, Loop on) {
    Optional<PeerPort> from = port;
    if (from.isEmpty()) {
      return Future.failedFuture(
          Fault.UNAVAILABLE.because("node " + nodeId + ": this node is in no mesh"));
    }
    String name = cluster.member(nodeId).map(Member::name).orElse(nodeId);
    return from.get()
        .dial(new NodeId(nodeId), QuicConnection.PROTOCOL, on, (channel, loop) -> {})
        .map(channel -> new QuicConnection(channel, on).watch())
        .recover(
            e ->
                Future.failedFuture(
                    Fault.UNAVAILABLE.because(
                        "node " + name + " through the mesh: " + e.getMessage(), e)));
  }
}
