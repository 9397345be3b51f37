package dev.weft.testkit;

import com.google.protobuf.Message;
import dev.weft.wire.proto.Meshnet;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.InvalidStatusException;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import java.util.concurrent.ExecutionException;

/** A gRPC client without TLS: a CNI plugin, or a foreign daemon at an address of its own. */
public final class PlainGrpc implements AutoCloseable {
  private final Vertx vertx = Vertx.vertx();
  private final HttpClientOptions options;
  private final GrpcClient client;

  /**
   * @param from the address that servers see
   */
  public PlainGrpc(String from) {
    this.options =
        new HttpClientOptions()
            .setProtocolVersion(HttpVersion.HTTP_2)
            .setHttp2ClearTextUpgrade(false)
            .setLocalAddress(from);
    this.client = GrpcClient.client(vertx, options);
  }

  /** The answer of a meshnet method, as {@code Local/Get}. */
  @SuppressWarnings("unchecked") // a decoder gives its prototype's type
  public <R extends Message> R call(
      String host, int port, String method, Message request, R response) throws Exception {
    String[] parts = method.split("/", -1);
    ServiceMethod<R, Message> serviceMethod =
        ServiceMethod.client(
            ServiceName.create(Meshnet.getDescriptor().findServiceByName(parts[0]).getFullName()),
            parts[1],
            GrpcMessageEncoder.<Message>encoder(),
            GrpcMessageDecoder.decoder(response));
    return TestCluster.await(
        client
            .request(SocketAddress.inetSocketAddress(port, host), serviceMethod)
            .compose(
                call -> {
                  call.end(request);
                  return call.response();
                })
            .compose(answer -> answer.last()));
  }

  /**
   * The status with which a server ends a call whose framed messages are these bytes.
   *
   * @param method as {@code WireProtocol/SendToStream}
   */
  public int stream(String host, int port, String method, Buffer messages) throws Exception {
    HttpClient http = vertx.createHttpClient(options);
    String path = "/" + Meshnet.getDescriptor().getPackage() + "." + method;
    return TestCluster.await(
        http.request(HttpMethod.POST, port, host, path)
            .compose(
                request ->
                    request
                        .putHeader("content-type", "application/grpc")
                        .putHeader("te", "trailers")
                        .send(messages))
            .compose(
                response ->
                    response
                        .body()
                        .map(body -> Integer.parseInt(response.trailers().get("grpc-status")))));
  }

  /** The status with which a call failed. */
  public static GrpcStatus statusOf(Throwable failure) {
    Throwable cause = failure instanceof ExecutionException ? failure.getCause() : failure;
    return ((InvalidStatusException) cause).actualStatus();
  }

  @Override
  public void close() throws Exception {
    TestCluster.await(vertx.close());
  }
}
