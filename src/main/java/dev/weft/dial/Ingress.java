package dev.weft.dial;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.GrpcConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.grpc.server.GrpcServer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/** The gRPC listeners. Rooms add their methods, then {@link #listen} opens the doors. */
public final class Ingress {
  /** Largest message of a unary method; the data path bounds its own. */
  private static final long MAX_MESSAGE = 4 << 20;

  private static final String LOOPBACK = "127.0.0.1";

  private final Vertx vertx;
  private final GrpcConfig config;
  private final SecurityConfig security;
  private final Identity identity;
  private final int instances;
  private final Map<String, BiConsumer<Caller, HttpServerRequest>> streams = new HashMap<>();
  private final GrpcMethods<Caller> unary =
      new GrpcMethods<>(
          MAX_MESSAGE, call -> Future.succeededFuture(callerOf(call.connection(), call.headers())));
  private volatile int port;

  /**
   * @param instances event loops that accept connections
   */
  public Ingress(
      Vertx vertx, GrpcConfig config, SecurityConfig security, Identity identity, int instances) {
    this.vertx = vertx;
    this.config = config;
    this.security = security;
    this.identity = identity;
    this.instances = instances;
  }

  /** Serves a unary method; a failed future becomes its gRPC status. */
  public <Q extends Message, R extends Message> Ingress serve(
      GrpcMethod<Q, R> method, BiFunction<Caller, Q, Future<R>> handler) {
    unary.add(method, handler);
    return this;
  }

  /** Serves a method whose framing the handler does itself; it runs on the connection's loop. */
  public Ingress stream(String path, BiConsumer<Caller, HttpServerRequest> handler) {
    streams.put(path, handler);
    return this;
  }

  /** Whether members can reach this node: {@code grpc.host} is beyond 127.0.0.1. */
  public boolean servesMembers() {
    return !config.host().equals(LOOPBACK);
  }

  /** Opens the listeners; fails naming the address that is taken. */
  public Future<Void> listen() {
    HttpServerOptions local = GrpcSettings.server(LOOPBACK, config.port());
    return open(local, 1)
        .compose(
            bound -> {
              port = bound;
              if (!servesMembers()) {
                return Future.succeededFuture();
              }
              HttpServerOptions remote = GrpcSettings.server(config.host(), bound);
              if (security.mutualTls()) {
                GrpcSettings.secure(remote, identity);
              }
              return open(remote, instances).mapEmpty();
            });
  }

  /** The port bound, on both addresses. */
  public int port() {
    return port;
  }

  private Future<Integer> open(HttpServerOptions options, int loops) {
    Promise<Integer> port = Promise.promise();
    return vertx
        .deployVerticle(
            () -> new Listener(options, port), new DeploymentOptions().setInstances(loops))
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
                        e)))
        .compose(id -> port.future());
  }

  private Caller callerOf(HttpConnection connection, MultiMap headers) {
    String address = connection.remoteAddress().hostAddress();
    if (connection.localAddress().hostAddress().equals(LOOPBACK)) {
      return new Caller(null, address);
    }
    if (connection.isSsl()) {
      return new Caller(
          identity.peerOf(connection.sslSession()).orElseThrow(() -> stranger(address)).value(),
          address);
    }
    // Without TLS, which only security.insecure allows, a node is who it says it is.
    String claimed = headers.get(Grpc.NODE_HEADER);
    return new Caller(claimed == null ? "" : claimed, address);
  }

  private static WeftException stranger(String address) {
    return Fault.UNAUTHENTICATED.because("no node certificate from " + address);
  }

  /** One event loop's share of a listener. */
  private final class Listener extends AbstractVerticle {
    private final HttpServerOptions options;
    private final Promise<Integer> port;

    Listener(HttpServerOptions options, Promise<Integer> port) {
      this.options = options;
      this.port = port;
    }

    @Override
    public void start(Promise<Void> started) {
      GrpcServer grpc = unary.server(vertx);
      HttpServer server = vertx.createHttpServer(options);
      server
          .requestHandler(
              request -> {
                BiConsumer<Caller, HttpServerRequest> stream = streams.get(request.path());
                if (stream == null) {
                  grpc.handle(request);
                } else {
                  stream.accept(callerOf(request.connection(), request.headers()), request);
                }
              })
          .listen()
          .onSuccess(s -> port.tryComplete(s.actualPort()))
          .<Void>mapEmpty()
          .onComplete(started);
    }
  }
}
