package dev.weft.dial;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.config.GrpcConfig;
import dev.weft.identity.Authorities;
import dev.weft.identity.Identity;
import dev.weft.rpc.GrpcSettings;
import dev.weft.rpc.Http2Client;
import dev.weft.rpc.Http2Connection;
import dev.weft.rpc.Loop;
import dev.weft.rpc.RpcConnection;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The way to nodes of other meshes: mutual TLS with the CAs of {@code nsm.externals}. Connections
 * come from the address of {@code grpc.external}, to which the other node connects in turn.
 */
public final class ExternalWay implements Way {
  private static final int MAX_KNOWN = 1024;

  private final Vertx vertx;
  private final GrpcConfig config;
  private final Identity identity;
  private final Authorities authorities;
  private final Map<String, HostPort> known = new ConcurrentHashMap<>();

  /** The clients, by the CAs that they trust; none stands for all. */
  private final Map<List<Path>, Http2Client> clients = new ConcurrentHashMap<>();

  /**
   * A node that answered.
   *
   * @param node its id, from its certificate
   * @param connection closed when the node is silent
   */
  public record Met(String node, RpcConnection connection) {}

  ExternalWay(Vertx vertx, GrpcConfig config, Identity identity, Authorities authorities) {
    this.vertx = vertx;
    this.config = config;
    this.identity = identity;
    this.authorities = authorities;
  }

  /** The port on which this node serves nodes of other meshes; 0 if it serves none. */
  public int port() {
    return config.external().map(HostPort::port).orElse(0);
  }

  /**
   * Finds out which node is at an address; from then on that node can be dialled by its id.
   * UNAVAILABLE if none answers, or its certificate is not of that CA or not for the host.
   */
  public Future<Met> meet(HostPort address, Path ca) {
    Http2Client client = client(List.of(ca), authorities.only(ca));
    return connect(client, address.host(), address, Loop.current(vertx))
        .map(
            connection -> {
              try {
                String node = Identity.peerOf(connection.session()).orElseThrow().value();
                know(node, address);
                return new Met(node, connection);
              } catch (RuntimeException e) {
                connection.close();
                throw e;
              }
            });
  }

  /** Notes the address of a node; EXHAUSTED if more than {@value #MAX_KNOWN} would be known. */
  public void know(String node, HostPort at) {
    if (known.size() >= MAX_KNOWN && !known.containsKey(node)) {
      throw Fault.EXHAUSTED.because("external nodes: more than " + MAX_KNOWN);
    }
    known.put(node, at);
  }

  @Override
  public String kind() {
    return "external";
  }

  @Override
  public boolean leadsTo(String nodeId) {
    return known.containsKey(nodeId);
  }

  @Override
  public Future<? extends RpcConnection> connect(String nodeId, Loop on) {
    return connect(client(List.of(), authorities), nodeId + ".weft", known.get(nodeId), on);
  }

  Future<Void> close() {
    return Future.join(clients.values().stream().map(Http2Client::close).toList()).mapEmpty();
  }

  private Future<Http2Connection> connect(Http2Client client, String name, HostPort at, Loop on) {
    return client
        .connect(at, name, "external node at " + at, on)
        .map(connection -> connection.watch(vertx));
  }

  private Http2Client client(List<Path> key, Authorities trusted) {
    return clients.computeIfAbsent(
        key,
        k -> {
          HttpClientOptions options = GrpcSettings.client(identity, trusted.trust());
          NodeListeners.sourceOf(config.external()).ifPresent(options::setLocalAddress);
          return new Http2Client(vertx, options, Map.of());
        });
  }
}
