package dev.weft.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.nsm.proto.MonitorProto;
import dev.weft.nsm.proto.MonitorProto.ConnectionEvent;
import dev.weft.nsm.proto.MonitorProto.MonitorScopeSelector;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReplyStreamTest {
  private static final GrpcMethod<MonitorScopeSelector, ConnectionEvent> MONITOR =
      new GrpcMethod<>(
          MonitorProto.getDescriptor().findServiceByName("MonitorConnection"),
          "MonitorConnections",
          MonitorScopeSelector.getDefaultInstance(),
          ConnectionEvent.getDefaultInstance());

  private static final ConnectionEvent EVENT =
      ConnectionEvent.newBuilder()
          .putConnections(
              "1", MonitorProto.Connection.newBuilder().setReason("x".repeat(1000)).build())
          .build();

  /** Many times what the windows and the buffers of loopback take. */
  private static final int MANY = 20_000;

  private final Vertx vertx = Vertx.vertx();
  private final CompletableFuture<ReplyStream<ConnectionEvent>> begun = new CompletableFuture<>();
  private final AtomicBoolean gone = new AtomicBoolean();
  private volatile Context loop;
  private final HttpServer server = serve();
  private final HttpClient client =
      vertx.createHttpClient(
          new HttpClientOptions()
              .setProtocolVersion(HttpVersion.HTTP_2)
              .setHttp2ClearTextUpgrade(false));

  private HttpServer serve() {
    GrpcMethods<String> methods = new GrpcMethods<>(1 << 10, Duration.ofSeconds(5));
    methods.addStream(
        MONITOR,
        (caller, request, replies) -> {
          loop = Vertx.currentContext();
          ReplyStream<ConnectionEvent> stream = replies.get();
          stream.onGone(() -> gone.set(true));
          begun.complete(stream);
        });
    return done(
        vertx
            .createHttpServer()
            .requestHandler(methods.server(vertx, false, call -> "somebody"))
            .listen(0, "127.0.0.1"));
  }

  @AfterEach
  void close() {
    done(vertx.close());
  }

  @Test
  void shouldEndAReaderThatFallsBehindAndSaySo() throws Exception {
    HttpClientResponse response = response(call());
    response.pause();

    send(MANY);
    AtomicLong bytes = new AtomicLong();
    response.handler(data -> bytes.addAndGet(data.length()));
    CompletableFuture<Void> end = new CompletableFuture<>();
    response.endHandler(end::complete);
    response.resume();
    end.get(20, TimeUnit.SECONDS);

    assertThat(response.getTrailer("grpc-status")).isEqualTo("8");
    assertThat(response.getTrailer("grpc-message")).contains("behind");
    assertThat(bytes.get()).isLessThan(MANY * 1000L / 2);
    await().untilTrue(gone);
  }

  @Test
  void shouldLoseNothingOfWhatAReaderTakesInTime() throws Exception {
    HttpClientResponse response = response(call());
    AtomicLong bytes = new AtomicLong();
    response.handler(data -> bytes.addAndGet(data.length()));

    send(ReplyStream.MAX_WAITING);

    long all = (long) ReplyStream.MAX_WAITING * (EVENT.getSerializedSize() + Grpc.PREFIX);
    await().untilAsserted(() -> assertThat(bytes.get()).isEqualTo(all));
    assertThat(gone).isFalse();
  }

  @Test
  void shouldKnowThatAReaderHasCancelled() throws Exception {
    HttpClientRequest call = call();
    response(call);

    call.reset(8);

    await().untilTrue(gone);
  }

  @Test
  void shouldKnowThatAReadersConnectionIsGone() throws Exception {
    HttpClientRequest call = call();
    response(call);

    call.connection().close();

    await().untilTrue(gone);
  }

  private HttpClientRequest call() {
    return done(
        client.request(
            Grpc.request(MONITOR.path(), Map.of())
                .setHost("127.0.0.1")
                .setPort(server.actualPort())));
  }

  private HttpClientResponse response(HttpClientRequest call) throws Exception {
    HttpClientResponse response = done(call.send(Grpc.frame(Buffer.buffer())));
    begun.get(20, TimeUnit.SECONDS);
    return response;
  }

  private void send(int count) throws Exception {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    ReplyStream<ConnectionEvent> stream = begun.get();
    loop.runOnContext(
        v -> {
          for (int i = 0; i < count; i++) {
            stream.send(EVENT);
          }
          sent.complete(null);
        });
    sent.get(20, TimeUnit.SECONDS);
  }

  private static <T> T done(Future<T> future) {
    return future.timeout(20, TimeUnit.SECONDS).toCompletionStage().toCompletableFuture().join();
  }
}
