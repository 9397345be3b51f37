package dev.weft.rpc;

import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Calls to gRPC servers on Unix sockets of this host; one connection for each is kept. */
public final class UnixClient {
  private static final int IDLE_SECONDS = 60;

  /** Control messages only: a handful of names. */
  private static final int MAX_ANSWER = 64 << 10;

  private final Vertx vertx;
  private final Map<Path, HttpClient> clients = new ConcurrentHashMap<>();

  public UnixClient(Vertx vertx) {
    this.vertx = vertx;
  }

  /**
   * The answer to a call.
   *
   * @param by the program that answered
   */
  public record Answer<R>(R message, UnixPeer by) {}

  /**
   * UNAVAILABLE if no program listens there or it does not speak gRPC, TIMEOUT after the deadline,
   * EXHAUSTED for an answer of more than 64 KiB.
   */
  public <Q extends Message, R extends Message> Future<Answer<R>> call(
      Path socket, GrpcMethod<Q, R> method, Q request, Duration deadline) {
    long millis = deadline.toMillis();
    HttpClient client = clients.computeIfAbsent(socket, path -> client());
    return client
        .request(
            Grpc.request(method.path(), Map.of(), deadline)
                .setServer(SocketAddress.domainSocketAddress(socket.toString()))
                .setHost("localhost")
                .setPort(80))
        // A program that accepts and never speaks HTTP/2 must not hold the call, nor the next one.
        .timeout(millis, TimeUnit.MILLISECONDS)
        .onFailure(e -> leave(socket, client, millis))
        .compose(
            call ->
                Grpc.send(call, Buffer.buffer(request.toByteArray()), deadline, MAX_ANSWER)
                    .compose(method::answer)
                    .map(message -> new Answer<>(message, UnixPeer.of(call.connection()))))
        .recover(e -> Future.failedFuture(named(socket, millis, e)));
  }

  /** Closes the connection to a socket; the next call opens another. */
  public void forget(Path socket) {
    HttpClient client = clients.remove(socket);
    if (client != null) {
      client.close();
    }
  }

  public Future<Void> close() {
    return Future.join(clients.values().stream().map(HttpClient::close).toList()).mapEmpty();
  }

  private HttpClient client() {
    return vertx
        .httpClientBuilder()
        .with(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false)
                .setIdleTimeout(IDLE_SECONDS)
                .setIdleTimeoutUnit(TimeUnit.SECONDS))
        .with(new PoolOptions().setHttp2MaxSize(1))
        .build();
  }

  /** The next call opens another connection; calls that wait on this one keep their deadline. */
  private void leave(Path socket, HttpClient client, long millis) {
    if (clients.remove(socket, client)) {
      client.shutdown(millis, TimeUnit.MILLISECONDS);
    }
  }

  private static WeftException named(Path socket, long millis, Throwable e) {
    if (e instanceof TimeoutException) {
      return Fault.TIMEOUT.because(socket + ": no answer within " + millis + " ms", e);
    }
    if (e instanceof WeftException known) {
      return known.fault().because(socket + ": " + known.getMessage(), known);
    }
    return Fault.UNAVAILABLE.because(socket + ": " + Reason.of(e), e);
  }
}
