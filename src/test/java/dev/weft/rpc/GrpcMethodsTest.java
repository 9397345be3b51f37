package dev.weft.rpc;

import static dev.weft.rpc.TestMethods.ASK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.nsm.proto.EndpointConnectionReply;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GrpcMethodsTest {
  private final Vertx vertx = Vertx.vertx();
  private final HttpServer server = serve();
  private final HttpClient client =
      vertx.createHttpClient(
          new HttpClientOptions()
              .setProtocolVersion(HttpVersion.HTTP_2)
              .setHttp2ClearTextUpgrade(false));

  private HttpServer serve() {
    GrpcMethods<String> methods = new GrpcMethods<>(1 << 10, Duration.ofMillis(300));
    methods.add(
        ASK,
        (caller, request) -> Future.succeededFuture(EndpointConnectionReply.getDefaultInstance()));
    return done(
        vertx
            .createHttpServer()
            .requestHandler(Grpc.uncompressed(methods.server(vertx, false, call -> "somebody")))
            .listen(0, "127.0.0.1"));
  }

  @AfterEach
  void close() {
    done(vertx.close());
  }

  private static <T> T done(Future<T> future) {
    return future.timeout(20, TimeUnit.SECONDS).toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldEndACallWhoseRequestCrawls() {
    HttpClientResponse response =
        done(
            client
                .request(request())
                .compose(
                    call -> {
                      call.setChunked(true);
                      return call.write(Buffer.buffer(new byte[] {0, 0}))
                          .compose(v -> call.response());
                    }));
    done(response.end());

    assertThat(status(response)).isEqualTo("4");
  }

  @Test
  void shouldBlameTheCallerForAMessageThatIsNone() {
    HttpClientResponse response =
        done(
            client
                .request(request())
                .compose(
                    call -> call.send(Grpc.frame(Buffer.buffer(new byte[] {0x0a, 0x7f, 0x01})))));
    done(response.end());

    assertThat(status(response)).isEqualTo("3");
  }

  @Test
  void shouldEncodeOfAMessageOnlyWhatGrpcAsksFor() {
    HttpClientResponse response = send(Grpc.frame(Buffer.buffer(new byte[] {0x0a, 0x7f, 0x01})));
    String inTrailers = response.getTrailer("grpc-message");

    String text = inTrailers == null ? response.getHeader("grpc-message") : inTrailers;
    assertThat(text).startsWith(ASK.path() + ": ").doesNotContain("%");
  }

  @Test
  void shouldBlameTheCallerForAMessageThatIsTooLong() {
    List<Throwable> unhandled = new CopyOnWriteArrayList<>();
    vertx.exceptionHandler(unhandled::add);

    assertThat(status(send(Grpc.frame(Buffer.buffer(new byte[(1 << 10) + 1]))))).isEqualTo("8");
    assertThat(status(send(Grpc.frame(Buffer.buffer())))).isEqualTo("0");
    assertThat(unhandled).isEmpty();
  }

  @Test
  void shouldBlameTheCallerForAMessageThatIsCompressedNobodyKnowsHow() {
    List<Throwable> unhandled = new CopyOnWriteArrayList<>();
    vertx.exceptionHandler(unhandled::add);

    assertThat(status(send(Buffer.buffer(new byte[] {1, 0, 0, 0, 2, 0x0a, 0x7f})))).isEqualTo("3");
    assertThat(unhandled).isEmpty();
  }

  @Test
  void shouldNotUnpackWhatIsCompressed() {
    HttpClientResponse response =
        done(
            client
                .request(request().putHeader("grpc-encoding", "gzip"))
                .compose(call -> call.send(Buffer.buffer(new byte[] {1, 0, 0, 0, 1, 0}))));
    done(response.end());

    assertThat(status(response)).isEqualTo("12");
    assertThat(response.getHeader("grpc-accept-encoding")).isEqualTo("identity");
  }

  private HttpClientResponse send(Buffer body) {
    HttpClientResponse response = done(client.request(request()).compose(call -> call.send(body)));
    done(response.end());
    return response;
  }

  private RequestOptions request() {
    return Grpc.request(ASK.path(), Map.of()).setHost("127.0.0.1").setPort(server.actualPort());
  }

  private static String status(HttpClientResponse response) {
    String trailer = response.trailers().get("grpc-status");
    return trailer == null ? response.getHeader("grpc-status") : trailer;
  }
}
