package dev.weft.dial;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.config.GrpcConfig;
import dev.weft.identity.Authorities;
import dev.weft.identity.Identity;
import dev.weft.rpc.GrpcSettings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The way to nodes of other meshes, over mutual TLS with the CAs of {@code nsm.externals}, from the
 * address of {@code grpc.external}: so the other side knows where to dial back.
 */
public final class ExternalDial {
  private static final int MAX_KNOWN = 1024;

  private final Vertx vertx;
  private final GrpcConfig config;
  private final Identity identity;
  private final Authorities authorities;
  private final Map<String, HostPort> known = new ConcurrentHashMap<>();

  /** By the CAs that they trust. */
  private final Map<List<Path>, HttpClientAgent> clients = new ConcurrentHashMap<>();

  /**
   * A node that answered.
   *
   * @param node its id, proved by its certificate
   */
  public record Met(String node, HttpClientConnection connection) {}

  public ExternalDial(Vertx vertx, GrpcConfig config, Identity identity, Authorities authorities) {
    this.vertx = vertx;
    this.config = config;
    this.identity = identity;
    this.authorities = authorities;
  }

  /** The port on which this node serves them; 0 if it does not. */
  public int port() {
    return config.external().map(HostPort::port).orElse(0);
  }

  /**
   * Finds out who is at an address; from then on that node can be dialled by its id. UNAVAILABLE if
   * nobody is, or its certificate is not of that CA or does not name the host.
   */
  public Future<Met> meet(HostPort address, Path ca) {
    return dial(client(List.of(ca), authorities.only(ca)), address.host(), address)
        .map(
            connection -> {
              String node = Identity.peerOf(connection.sslSession()).orElseThrow().value();
              know(node, address);
              return new Met(node, connection);
            });
  }

  /** Notes where a node serves; EXHAUSTED if that would be more than {@value #MAX_KNOWN}. */
  public void know(String node, HostPort at) {
    if (known.size() >= MAX_KNOWN && !known.containsKey(node)) {
      throw Fault.EXHAUSTED.because("external nodes: more than " + MAX_KNOWN);
    }
    known.put(node, at);
  }

  boolean knows(String node) {
    return known.containsKey(node);
  }

  Future<HttpClientConnection> connect(String node) {
    return dial(client(List.of(), authorities), node + ".weft", known.get(node));
  }

  public Future<Void> close() {
    List<Future<Void>> closed = new ArrayList<>();
    clients.values().forEach(client -> closed.add(client.close()));
    return Future.join(closed).mapEmpty();
  }

  private static Future<HttpClientConnection> dial(
      HttpClientAgent client, String name, HostPort at) {
    return Dialling.connect(client, at, name, true, "external node at " + at);
  }

  private HttpClientAgent client(List<Path> key, Authorities trusted) {
    return clients.computeIfAbsent(
        key,
        k -> {
          HttpClientOptions options = GrpcSettings.client(identity, trusted.trust());
          Dialling.comeFrom(config.external(), options);
          return vertx.createHttpClient(options);
        });
  }
}
