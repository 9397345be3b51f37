package dev.weft.rpc;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.Message;
import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.GrpcConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Authorities;
import dev.weft.identity.Identity;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.grpc.server.GrpcServer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import javax.net.ssl.SSLSession;

/**
 * The gRPC listeners, each with the standard health and reflection services. Rooms add their
 * methods, then {@link #listen} opens the doors.
 */
public final class GrpcListener {
  /** Whom a method is for that says nothing else. */
  private static final Set<Listener> TRUSTED = Set.of(Listener.LOCAL, Listener.MEMBERS);

  /** Largest message of a unary method; the data path bounds its own. */
  private static final long MAX_MESSAGE = 4 << 20;

  private static final int HTTP_VERSION_NOT_SUPPORTED = 505;

  private static final String LOOPBACK = "127.0.0.1";

  private final Vertx vertx;
  private final GrpcConfig config;
  private final SecurityConfig security;
  private final Identity identity;
  private final Authorities external;
  private final Queue<HttpServer> servers = new ConcurrentLinkedQueue<>();
  private List<Context> loops = List.of();
  private final Map<String, BiConsumer<Caller, HttpServerRequest>> streams = new HashMap<>();
  private final GrpcMethods<Caller> unary = new GrpcMethods<>(MAX_MESSAGE);
  private volatile int port;

  /**
   * @param external who is trusted at {@code grpc.external}
   */
  public GrpcListener(
      Vertx vertx,
      GrpcConfig config,
      SecurityConfig security,
      Identity identity,
      Authorities external) {
    this.vertx = vertx;
    this.config = config;
    this.security = security;
    this.identity = identity;
    this.external = external;
  }

  /**
   * Serves a unary method to programs of this host and members; a failed future becomes its gRPC
   * status.
   */
  public <Q extends Message, R extends Message> GrpcListener serve(
      GrpcMethod<Q, R> method, BiFunction<Caller, Q, Future<R>> handler) {
    return serve(method, TRUSTED, handler);
  }

  /** Serves a unary method to those who come in by one of the doors; DENIED to others. */
  public <Q extends Message, R extends Message> GrpcListener serve(
      GrpcMethod<Q, R> method, Set<Listener> doors, BiFunction<Caller, Q, Future<R>> handler) {
    unary.add(
        method,
        (caller, request) ->
            doors.contains(caller.door())
                ? handler.apply(caller, request)
                : Future.failedFuture(denied(method.path(), caller)));
    return this;
  }

  /**
   * Serves a method whose framing the handler does itself, to callers of all doors; it runs on the
   * connection's loop.
   */
  public GrpcListener stream(
      ServiceDescriptor service, String method, BiConsumer<Caller, HttpServerRequest> handler) {
    unary.name(service);
    streams.put("/" + service.getFullName() + "/" + method, handler);
    return this;
  }

  /**
   * Has connections of members and meshnet daemons served on these event loops: one thread for a
   * wire's both directions saves a wake-up for every acknowledgement.
   */
  public GrpcListener on(List<Context> loops) {
    this.loops = List.copyOf(loops);
    return this;
  }

  /** Whether members can reach this node: {@code grpc.host} is beyond 127.0.0.1. */
  public boolean servesMembers() {
    return !config.host().equals(LOOPBACK);
  }

  /** Opens the listeners; fails naming the address that is taken. */
  public Future<Void> listen() {
    HttpServerOptions local = GrpcSettings.server(LOOPBACK, config.port());
    return open(Listener.LOCAL, local, List.of())
        .compose(
            bound -> {
              port = bound;
              if (!servesMembers()) {
                return Future.succeededFuture();
              }
              HttpServerOptions remote = GrpcSettings.server(config.host(), bound);
              if (security.mutualTls()) {
                GrpcSettings.secure(remote, identity, identity.trust());
              }
              return open(Listener.MEMBERS, remote, loops);
            })
        .compose(
            v -> {
              if (config.meshnet().isEmpty()) {
                return Future.succeededFuture();
              }
              HostPort at = config.meshnet().get();
              return open(Listener.MESHNET, GrpcSettings.server(at.host(), at.port()), loops)
                  .mapEmpty();
            })
        .compose(
            v -> {
              if (config.external().isEmpty() || external.isEmpty()) {
                return Future.succeededFuture();
              }
              HostPort at = config.external().get();
              HttpServerOptions options = GrpcSettings.server(at.host(), at.port());
              GrpcSettings.secure(options, identity, external.trust());
              return open(Listener.EXTERNAL, options, loops).mapEmpty();
            });
  }

  /** The port bound, on both addresses. */
  public int port() {
    return port;
  }

  /** Listens on each of the event loops; on one of its own without any. */
  private Future<Integer> open(Listener door, HttpServerOptions options, List<Context> on) {
    List<Future<Integer>> open = new ArrayList<>();
    for (Context loop : on) {
      Promise<Integer> port = Promise.promise();
      loop.runOnContext(v -> listen(door, options).onComplete(port));
      open.add(port.future());
    }
    if (on.isEmpty()) {
      open.add(listen(door, options));
    }
    return Future.all(open)
        .map(all -> open.get(0).result())
        .recover(
            e ->
                Future.failedFuture(
                    Fault.UNAVAILABLE.because(
                        "grpc.port: cannot listen on "
                            + options.getHost()
                            + ":"
                            + options.getPort()
                            + ": "
                            + e.getMessage(),
                        e)));
  }

  private Future<Integer> listen(Listener door, HttpServerOptions options) {
    GrpcServer grpc =
        unary.server(
            vertx,
            door != Listener.EXTERNAL,
            call -> callerOf(door, call.connection(), call.headers()));
    HttpServer server =
        vertx.createHttpServer(options).requestHandler(request -> onRequest(door, grpc, request));
    servers.add(server);
    return server.listen().map(HttpServer::actualPort);
  }

  /** Closes the listeners and their connections. */
  public Future<Void> close() {
    return Future.join(servers.stream().map(HttpServer::close).toList()).mapEmpty();
  }

  private void onRequest(Listener door, GrpcServer grpc, HttpServerRequest request) {
    BiConsumer<Caller, HttpServerRequest> stream = streams.get(request.path());
    if (stream == null) {
      grpc.handle(request);
    } else if (request.version() != HttpVersion.HTTP_2) {
      request.response().setStatusCode(HTTP_VERSION_NOT_SUPPORTED).end();
    } else {
      stream.accept(callerOf(door, request.connection(), request.headers()), request);
    }
  }

  private Caller callerOf(Listener door, HttpConnection connection, MultiMap headers) {
    String address = connection.remoteAddress().hostAddress();
    if (door == Listener.EXTERNAL) {
      SSLSession session = connection.sslSession();
      return new Caller(door, nodeOf(session, address), address, external.vouchingFor(session));
    }
    if (door == Listener.LOCAL || connection.localAddress().hostAddress().equals(LOOPBACK)) {
      return new Caller(Listener.LOCAL, null, address);
    }
    if (door == Listener.MESHNET) {
      return new Caller(door, null, address);
    }
    if (connection.isSsl()) {
      return new Caller(door, nodeOf(connection.sslSession(), address), address);
    }
    // Without TLS, which only security.insecure allows, a node is who it says it is.
    String claimed = headers.get(Grpc.NODE_HEADER);
    return new Caller(door, claimed == null ? "" : claimed, address);
  }

  private static WeftException denied(String path, Caller caller) {
    return Fault.DENIED.because(path + " is not for " + caller);
  }

  private static String nodeOf(SSLSession session, String address) {
    return Identity.peerOf(session)
        .orElseThrow(() -> Fault.UNAUTHENTICATED.because("no node certificate from " + address))
        .value();
  }
}
