package dev.weft.rpc;

import com.google.protobuf.Message;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.impl.ConnectionBase;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
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

  private static final int GREETING_SECONDS = 20;

  private static final int MAX_CALLS_PER_CONNECTION = 256;

  private final Vertx vertx;
  private final UnixServerSocket socket;
  private final AcceptLimits limits;
  private final Promise<Void> guarded = Promise.promise();
  private final GrpcMethods<UnixPeer> methods = new GrpcMethods<>(MAX_MESSAGE, Grpc.ARRIVAL);
  private HttpServer server;

  /**
   * @param path of the socket
   * @param parent of a temporary directory that only this user may enter, on the same file system
   * @param limits of the connections to it
   */
  public UnixListener(Vertx vertx, Path path, Path parent, AcceptLimits limits) {
    this.vertx = vertx;
    this.limits = limits;
    this.socket = new UnixServerSocket(vertx, "socket", path, parent);
  }

  /** Serves a unary method; a failed future becomes its gRPC status. */
  public <Q extends Message, R extends Message> UnixListener serve(
      GrpcMethod<Q, R> method, BiFunction<UnixPeer, Q, Future<R>> handler) {
    methods.add(method, handler);
    return this;
  }

  /** Serves a server-streaming method, on the event loop that this listens on. */
  public <Q extends Message, R extends Message> UnixListener serveStream(
      GrpcMethod<Q, R> method, ReplyStream.Handler<UnixPeer, Q, R> handler) {
    methods.addStream(method, handler);
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
            .connectionHandler(this::guard)
            .requestHandler(
                Grpc.uncompressed(
                    methods.server(vertx, true, call -> UnixPeer.of(call.connection()))));
    return socket.listen(
        path -> server.listen(SocketAddress.domainSocketAddress(path)).compose(v -> greet(path)));
  }

  /**
   * Makes the first connection to the socket, before it is where others find it. Vert.x does not
   * give away the channel that accepts, and limits none of its connections; a connection's channel
   * knows it.
   */
  private Future<Void> greet(String path) {
    return vertx
        .executeBlocking(() -> connect(path))
        .compose(
            first ->
                guarded
                    .future()
                    .timeout(GREETING_SECONDS, TimeUnit.SECONDS)
                    .eventually(() -> vertx.executeBlocking(() -> close(first))));
  }

  /** Not a client of Vert.x: a verticle keeps each of its clients, closed ones too. */
  private static SocketChannel connect(String path) throws IOException {
    SocketChannel first = SocketChannel.open(UnixDomainSocketAddress.of(path));
    try {
      first.write(ByteBuffer.wrap(Grpc.PREFACE.getBytes()));
      return first;
    } catch (IOException e) {
      first.close();
      throw e;
    }
  }

  private static Void close(SocketChannel first) throws IOException {
    first.close();
    return null;
  }

  private void guard(HttpConnection connection) {
    if (!guarded.future().isComplete() && connection instanceof ConnectionBase base) {
      base.channel().parent().pipeline().addFirst(limits.gate());
      guarded.tryComplete();
    }
  }

  /** Closes it and removes the socket. */
  public Future<Void> close() {
    return server.close().eventually(socket::remove);
  }
}
