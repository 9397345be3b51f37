package dev.weft.dial;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.config.GrpcConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Authorities;
import dev.weft.identity.Identity;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcSettings;
import dev.weft.rpc.Listener;
import io.vertx.core.Future;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLSession;

/** The listeners for programs, members and other meshes, which also find who the callers are. */
final class NodeListeners {
  /** The header with a node's own id; trusted only without TLS, which security.insecure allows. */
  static final String CLAIM = "weft-node";

  private static final String LOOPBACK = "127.0.0.1";
  private static final Set<String> WILDCARDS = Set.of("0.0.0.0", "::");

  private final GrpcListener listener;
  private final GrpcConfig config;
  private final SecurityConfig security;
  private final Identity identity;
  private final Authorities external;
  private volatile int port;
  private volatile Optional<String> unserved = Optional.empty();

  /**
   * @param external the CAs of nodes that may call {@code grpc.external}
   */
  NodeListeners(
      GrpcListener listener,
      GrpcConfig config,
      SecurityConfig security,
      Identity identity,
      Authorities external) {
    this.listener = listener;
    this.config = config;
    this.security = security;
    this.identity = identity;
    this.external = external;
  }

  /** The address of a listener as the source of connections; empty for a wildcard address. */
  static Optional<String> sourceOf(Optional<HostPort> at) {
    return at.map(HostPort::host).filter(host -> !WILDCARDS.contains(host));
  }

  /** Whether members can reach this node: {@code grpc.host} is not 127.0.0.1. */
  boolean serveMembers() {
    return !config.host().equals(LOOPBACK);
  }

  /** The port on 127.0.0.1 and on {@code grpc.host}. */
  int port() {
    return port;
  }

  /** Listens; UNAVAILABLE names the address, for example one that is taken. */
  Future<Void> open() {
    return listener
        .listenLocally(LOOPBACK, config.port())
        .onSuccess(bound -> port = bound)
        .compose(bound -> serveMembers() ? members(bound) : Future.succeededFuture())
        .compose(v -> config.meshnet().map(this::meshnet).orElse(Future.succeededFuture()))
        .compose(v -> pluginPort().map(this::plugins).orElse(Future.succeededFuture()))
        .compose(
            v ->
                config
                    .external()
                    .filter(at -> !external.isEmpty())
                    .map(this::externals)
                    .orElse(Future.succeededFuture()))
        .mapEmpty();
  }

  private Future<Integer> members(int bound) {
    HttpServerOptions options = GrpcSettings.server(config.host(), bound);
    if (security.mutualTls()) {
      GrpcSettings.secure(options, identity, identity.trust());
    }
    return listener.listen(
        Listener.MEMBERS,
        options,
        (connection, headers) -> {
          String address = address(connection);
          if (connection.localAddress().hostAddress().equals(LOOPBACK)) {
            return Caller.local(address);
          }
          if (connection.isSsl()) {
            return Caller.member(node(connection), address);
          }
          String claimed = headers.get(CLAIM);
          return Caller.member(claimed == null ? "" : claimed, address);
        });
  }

  private Future<Integer> meshnet(HostPort at) {
    return listener.listen(
        Listener.MESHNET,
        GrpcSettings.server(at.host(), at.port()),
        (connection, headers) ->
            connection.localAddress().hostAddress().equals(LOOPBACK)
                ? Caller.local(address(connection))
                : Caller.meshnet(address(connection)));
  }

  /**
   * The port of meshnet, on which its plugin looks for the daemon of its host, if neither {@code
   * grpc.port} nor {@code grpc.meshnet} itself is on 127.0.0.1 there.
   */
  private Optional<Integer> pluginPort() {
    return config
        .meshnet()
        .filter(at -> !WILDCARDS.contains(at.host()) && !at.host().equals(LOOPBACK))
        .map(HostPort::port)
        .filter(its -> its != 0 && its != port);
  }

  private Future<Integer> plugins(int at) {
    return listener
        .listenLocally(LOOPBACK, at)
        .recover(
            e -> {
              unserved =
                  Optional.of(
                      "grpc.meshnet: cannot listen on "
                          + new HostPort(LOOPBACK, at)
                          + " besides: "
                          + Reason.of(e));
              return Future.succeededFuture(0);
            });
  }

  /** Why meshnet's plugin on this host is not served where it looks; empty if it is. */
  Optional<String> unserved() {
    return unserved;
  }

  private Future<Integer> externals(HostPort at) {
    HttpServerOptions options = GrpcSettings.server(at.host(), at.port());
    return listener.listen(
        Listener.EXTERNAL,
        GrpcSettings.secure(options, identity, external.trust()),
        (connection, headers) ->
            new Caller(
                Listener.EXTERNAL,
                node(connection),
                address(connection),
                external.vouchingFor(connection.sslSession())));
  }

  private static String address(HttpConnection connection) {
    return connection.remoteAddress().hostAddress();
  }

  private static String node(HttpConnection connection) {
    SSLSession session = connection.sslSession();
    return Identity.peerOf(session)
        .orElseThrow(
            () -> Fault.UNAUTHENTICATED.because("no node certificate from " + address(connection)))
        .value();
  }
}
