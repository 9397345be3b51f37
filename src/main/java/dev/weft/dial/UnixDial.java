package dev.weft.dial;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
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
  private final HttpClient client;
  private final Map<String, HttpConnection> connections = new ConcurrentHashMap<>();

  public UnixDial(Vertx vertx, String self) {
    this.self = self;
    this.client =
        vertx
            .httpClientBuilder()
            .with(
                new HttpClientOptions()
                    .setProtocolVersion(HttpVersion.HTTP_2)
                    .setHttp2ClearTextUpgrade(false)
                    .setIdleTimeout(IDLE_SECONDS)
                    .setIdleTimeoutUnit(TimeUnit.SECONDS))
            .with(new PoolOptions().setHttp2MaxSize(1))
            .withConnectHandler(this::keep)
            .build();
  }

  private void keep(HttpConnection connection) {
    String path = connection.remoteAddress().path();
    connections.put(path, connection);
    connection.closeHandler(v -> connections.remove(path, connection));
  }

  /**
   * What a call came to.
   *
   * @param by the program that answered
   */
  public record Answer<R>(R message, UnixPeer by) {}

  /**
   * UNAVAILABLE if nobody listens there or what does speaks no gRPC, TIMEOUT after the deadline.
   */
  public <Q extends Message, R extends Message> Future<Answer<R>> call(
      Path socket, GrpcMethod<Q, R> method, Q request, Duration deadline) {
    long millis = deadline.toMillis();
    return client
        .request(
            Grpc.request(method, self, deadline)
                .setServer(SocketAddress.domainSocketAddress(socket.toString()))
                .setHost("localhost")
                .setPort(80))
        // A program that accepts and never speaks HTTP/2 must not hold the call.
        .timeout(millis, TimeUnit.MILLISECONDS)
        .compose(
            call ->
                Grpc.send(call, method, request, deadline)
                    .map(message -> new Answer<>(message, UnixPeer.of(call.connection()))))
        .recover(e -> Future.failedFuture(named(socket, millis, e)));
  }

  /** Lets go of the connection to a socket; the next call makes another. */
  public void forget(Path socket) {
    HttpConnection connection = connections.remove(socket.toString());
    if (connection != null) {
      connection.close();
    }
  }

  public Future<Void> close() {
    return client.close();
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
