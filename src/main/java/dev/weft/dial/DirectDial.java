package dev.weft.dial;

import com.google.protobuf.Message;
import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.Member;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import dev.weft.rpc.Grpc;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.GrpcSettings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConnection;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Dials the address in the member's signed record; nodes of other meshes where they said. */
public final class DirectDial implements Dial {
  private final Cluster cluster;
  private final ExternalDial external;
  private final boolean secure;
  private final HttpClientAgent client;
  private final Map<String, Future<HttpClientConnection>> shared = new ConcurrentHashMap<>();

  /**
   * @param external the way to nodes that are no members
   */
  public DirectDial(
      Vertx vertx,
      Cluster cluster,
      SecurityConfig security,
      Identity identity,
      ExternalDial external) {
    this.cluster = cluster;
    this.external = external;
    this.secure = security.mutualTls();
    this.client = vertx.createHttpClient(GrpcSettings.client(security, identity));
  }

  @Override
  public Future<HttpClientConnection> connect(String nodeId) {
    Optional<Member> member = cluster.member(nodeId);
    if (member.isEmpty() && external.knows(nodeId)) {
      return external.connect(nodeId);
    }
    if (member.isEmpty()) {
      return Future.failedFuture(
          Fault.UNAVAILABLE.because("node " + nodeId + " is not a live member"));
    }
    String address = member.get().grpc();
    Optional<HostPort> server = address == null ? Optional.empty() : HostPort.parse(address, 0);
    if (server.isEmpty()) {
      return Future.failedFuture(
          Fault.UNAVAILABLE.because(
              "node " + member.get().name() + " serves no other node (its grpc.host is loopback)"));
    }
    // The name that the certificate must carry, whatever the address is.
    return Dialling.connect(
        client,
        server.get(),
        nodeId + ".weft",
        secure,
        "node " + member.get().name() + " at " + address);
  }

  @Override
  public <Q extends Message, R extends Message> Future<R> call(
      String nodeId, GrpcMethod<Q, R> method, Q request, Duration deadline) {
    return control(nodeId)
        .compose(c -> c.request(Grpc.request(method, cluster.self(), deadline)))
        .compose(call -> Grpc.send(call, method, request, deadline))
        .recover(e -> Future.failedFuture(WeftException.of(e)));
  }

  public Future<Void> close() {
    return client.close();
  }

  private Future<HttpClientConnection> control(String nodeId) {
    Future<HttpClientConnection> connection =
        shared.computeIfAbsent(
            nodeId, id -> connect(id).onSuccess(c -> c.closeHandler(v -> shared.remove(id))));
    return connection.onFailure(e -> shared.remove(nodeId, connection));
  }
}
