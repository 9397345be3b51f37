package dev.weft.dial;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Calls to gRPC servers on Unix sockets of this host; one connection for each is kept. */
public final class UnixDial {
  private static final int IDLE_SECONDS = 60;

  private final String self;
  private final HttpClientAgent client;
  private final Map<Path, Future<HttpClientConnection>> shared = new ConcurrentHashMap<>();

  public UnixDial(Vertx vertx, String self) {
    this.self = self;
    this.client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false)
                .setIdleTimeout(IDLE_SECONDS)
                .setIdleTimeoutUnit(TimeUnit.SECONDS));
  }

  /**
   * UNAVAILABLE if nobody listens there or what does speaks no gRPC, TIMEOUT after the deadline.
   */
  public <Q extends Message, R extends Message> Future<R> call(
      Path socket, GrpcMethod<Q, R> method, Q request, Duration deadline) {
    long millis = deadline.toMillis();
    return connection(socket)
        // A program that accepts and never speaks HTTP/2 must not hold the call.
        .timeout(millis, TimeUnit.MILLISECONDS)
        .onFailure(e -> shared.remove(socket))
        .compose(connection -> Grpc.call(connection, method, request, self, deadline))
        .recover(e -> Future.failedFuture(named(socket, millis, e)));
  }

  /** Forgets the connection to a socket. */
  public void forget(Path socket) {
    Future<HttpClientConnection> connection = shared.remove(socket);
    if (connection != null) {
      connection.onSuccess(HttpClientConnection::close);
    }
  }

  public Future<Void> close() {
    return client.close();
  }

  private Future<HttpClientConnection> connection(Path socket) {
    return shared.computeIfAbsent(
        socket,
        path ->
            client
                .connect(
                    new HttpConnectOptions()
                        .setServer(SocketAddress.domainSocketAddress(path.toString()))
                        .setHost("localhost")
                        .setPort(80))
                .onSuccess(c -> c.closeHandler(v -> shared.remove(path))));
  }

  private static WeftException named(Path socket, long millis, Throwable e) {
    if (e instanceof java.util.concurrent.TimeoutException) {
      return Fault.TIMEOUT.because(socket + ": no answer within " + millis + " ms", e);
    }
    if (e instanceof WeftException known) {
      return known.fault().because(socket + ": " + known.getMessage(), known);
    }
    return Fault.UNAVAILABLE.because(socket + ": " + e.getMessage(), e);
  }
}
