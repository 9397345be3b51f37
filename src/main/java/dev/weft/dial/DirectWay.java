package dev.weft.dial;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import dev.weft.rpc.GrpcSettings;
import dev.weft.rpc.Http2Client;
import dev.weft.rpc.Loop;
import dev.weft.rpc.RpcConnection;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.Optional;

/**
 * The way to members: HTTP/2 to the address in their signed record. In mutual TLS the certificate
 * must be that of the node that is dialled.
 */
final class DirectWay implements Way {
  private final Vertx vertx;
  private final Cluster cluster;
  private final Http2Client client;

  DirectWay(Vertx vertx, Cluster cluster, SecurityConfig security, Identity identity) {
    this.vertx = vertx;
    this.cluster = cluster;
    this.client =
        new Http2Client(
            vertx,
            security.mutualTls()
                ? GrpcSettings.client(identity, identity.trust())
                : GrpcSettings.client(),
            Map.of(NodeListeners.CLAIM, cluster.self()));
  }

  @Override
  public String kind() {
    return "direct";
  }

  @Override
  public boolean leadsTo(String nodeId) {
    return cluster.member(nodeId).isPresent();
  }

  @Override
  public Future<? extends RpcConnection> connect(String nodeId, Loop on) {
    Optional<Member> member = cluster.member(nodeId);
    Optional<HostPort> server = member.map(Member::grpc).flatMap(at -> HostPort.parse(at, 0));
    if (server.isEmpty()) {
      return Future.failedFuture(Fault.UNAVAILABLE.because(cluster.addressless(nodeId)));
    }
    return client
        .connect(
            server.get(),
            nodeId + ".weft",
            "node " + member.get().name() + " at " + server.get(),
            on)
        .map(connection -> connection.watch(vertx));
  }

  Future<Void> close() {
    return client.close();
  }
}
