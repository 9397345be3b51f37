package dev.weft.rpc;

import com.google.protobuf.Message;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;

/** A gRPC listener on a Unix socket, mode 0600, whose methods learn which program calls. */
public final class UnixListener {
  /** Control messages only: a handful of names. */
  private static final long MAX_MESSAGE = 64 << 10;

  /**
   * Longer than the longest call: a connection without traffic is closed, also one that never had
   * any. Clients open another when they need one.
   */
  private static final int IDLE_SECONDS = 60;

  private static final int MAX_CALLS_PER_CONNECTION = 256;

  private final Vertx vertx;
  private final UnixServerSocket socket;
  private final GrpcMethods<UnixPeer> methods = new GrpcMethods<>(MAX_MESSAGE);
  private HttpServer server;

  /**
   * @param path of the socket
   * @param parent of a temporary directory that only this user may enter, on the same file system
   */
  public UnixListener(Vertx vertx, Path path, Path parent) {
    this.vertx = vertx;
    this.socket = new UnixServerSocket(vertx, "socket", path, parent);
  }

  /** Serves a unary method; a failed future becomes its gRPC status. */
  public <Q extends Message, R extends Message> UnixListener serve(
      GrpcMethod<Q, R> method, BiFunction<UnixPeer, Q, Future<R>> handler) {
    methods.add(method, handler);
    return this;
  }

  /**
   * CONFLICT if a program answers there; INVALID if another kind of file is there, or the path is
   * too long.
   */
  public Future<Void> listen() {
    HttpServerOptions options =
        new HttpServerOptions().setIdleTimeout(IDLE_SECONDS).setIdleTimeoutUnit(TimeUnit.SECONDS);
    options.getInitialSettings().setMaxConcurrentStreams(MAX_CALLS_PER_CONNECTION);
    server =
        vertx
            .createHttpServer(options)
            .requestHandler(methods.server(vertx, true, call -> UnixPeer.of(call.connection())));
    return socket.listen(server);
  }

  /** Closes it and removes the socket. */
  public Future<Void> close() {
    return server.close().eventually(socket::remove);
  }
}
