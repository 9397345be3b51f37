package dev.weft.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** gRPC over HTTP/2, client side, and its framing (PROTOCOL-HTTP2.md). */
public final class Grpc {
  /** A flag byte and a 4-byte length before each message. */
  public static final int PREFIX = 5;

  /** Status of a method that the server does not have. */
  public static final int UNIMPLEMENTED = 12;

  /** What a node calls itself; it counts only where security.insecure leaves no certificate. */
  public static final String NODE_HEADER = "weft-node";

  /** RFC 9113 section 7. */
  private static final int CANCEL = 0x8;

  private Grpc() {}

  /** The request of a call. */
  public static RequestOptions request(String path, String self) {
    return new RequestOptions()
        .setMethod(HttpMethod.POST)
        .setURI(path)
        .putHeader("content-type", "application/grpc")
        .putHeader("te", "trailers")
        .putHeader(NODE_HEADER, self);
  }

  /** The request of a call that ends within the deadline. */
  public static RequestOptions request(GrpcMethod<?, ?> method, String self, Duration deadline) {
    return request(method.path(), self).putHeader("grpc-timeout", deadline.toMillis() + "m");
  }

  /** Sends the message and awaits the answer; none within the deadline cancels the call. */
  public static <Q extends Message, R extends Message> Future<R> send(
      HttpClientRequest call, GrpcMethod<Q, R> method, Q request, Duration deadline) {
    return call.send(frame(request.toByteArray()))
        .compose(response -> answer(response, method))
        .timeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
        .onFailure(e -> call.reset(CANCEL));
  }

  private static <R extends Message> Future<R> answer(
      HttpClientResponse response, GrpcMethod<?, R> method) {
    return status(response)
        .compose(
            body -> {
              try {
                return Future.succeededFuture(parse(method.response(), single(body)));
              } catch (InvalidProtocolBufferException e) {
                return Future.failedFuture(
                    Fault.UNAVAILABLE.because(method.path() + ": " + e.getMessage(), e));
              }
            });
  }

  @SuppressWarnings("unchecked") // a message's parser makes messages of its own type
  private static <R extends Message> R parse(R prototype, byte[] bytes)
      throws InvalidProtocolBufferException {
    return (R) prototype.getParserForType().parseFrom(bytes);
  }

  /** Waits for the end of the response; fails with the status that its trailers tell of. */
  public static Future<Buffer> status(HttpClientResponse response) {
    if (response.statusCode() != 200) {
      return Future.failedFuture(
          Fault.UNAVAILABLE.because("HTTP status " + response.statusCode() + " for a gRPC call"));
    }
    return response
        .body()
        .compose(
            body -> {
              boolean trailersOnly = !response.trailers().contains("grpc-status");
              WeftException failure =
                  failure(trailersOnly ? response.headers() : response.trailers());
              return failure == null ? Future.succeededFuture(body) : Future.failedFuture(failure);
            });
  }

  /** Waits for the end of the response and gives its status, whatever it is. */
  public static Future<Integer> statusCode(HttpClientResponse response) {
    return response
        .body()
        .map(
            body -> {
              String status = response.trailers().get("grpc-status");
              String code = status == null ? response.headers().get("grpc-status") : status;
              if (code == null || !code.matches("\\d{1,3}")) {
                throw Fault.UNAVAILABLE.because(
                    "HTTP status " + response.statusCode() + ", gRPC status " + code);
              }
              return Integer.parseInt(code);
            });
  }

  /** Status text as trailers carry it. */
  public static String percentEncoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  public static Buffer frame(byte[] message) {
    return Buffer.buffer(PREFIX + message.length)
        .appendByte((byte) 0)
        .appendInt(message.length)
        .appendBytes(message);
  }

  /** The one message of a unary answer. */
  public static byte[] single(Buffer body) {
    if (body.length() < PREFIX || body.getByte(0) != 0) {
      throw Fault.UNAVAILABLE.because("gRPC answer of " + body.length() + " bytes is no message");
    }
    int length = body.getInt(1);
    if (length != body.length() - PREFIX) {
      throw Fault.UNAVAILABLE.because(
          "gRPC answer: length " + length + " (expected: " + (body.length() - PREFIX) + ")");
    }
    return body.getBytes(PREFIX, body.length());
  }

  private static WeftException failure(MultiMap trailers) {
    String status = trailers.get("grpc-status");
    if ("0".equals(status)) {
      return null;
    }
    if (status == null) {
      return Fault.UNAVAILABLE.because("the call ended without a gRPC status");
    }
    String text = trailers.get("grpc-message");
    String message = text == null ? "gRPC status " + status : percentDecoded(text);
    for (Fault fault : Fault.values()) {
      if (status.equals(String.valueOf(fault.grpcStatus()))) {
        return fault.because(message);
      }
    }
    return Fault.INTERNAL.because("gRPC status " + status + ": " + message);
  }

  private static String percentDecoded(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // A peer that does not escape as it should: its text is still better than none.
      return text;
    }
  }
}
