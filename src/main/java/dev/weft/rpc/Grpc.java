package dev.weft.rpc;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.RequestOptions;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServerResponse;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** gRPC over HTTP/2, client side, and its framing (PROTOCOL-HTTP2.md). */
final class Grpc {
  /** A flag byte and a 4-byte length before each message. */
  static final int PREFIX = 5;

  /** Largest message of a unary method; streams bound their own. */
  static final int MAX_MESSAGE = 4 << 20;

  /** For the one message of a request to arrive in: it is small, and slow is who means harm. */
  static final Duration ARRIVAL = Duration.ofSeconds(20);

  private static final String ENCODING = "grpc-encoding";
  private static final String IDENTITY = "identity";

  /** What a client sends first: the preface and empty settings (RFC 9113 section 3.4). */
  static final Buffer PREFACE =
      Buffer.buffer("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
          .appendBytes(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});

  private static final String STATUS = "grpc-status";
  private static final String MESSAGE = "grpc-message";
  private static final String CONTENT_TYPE = "application/grpc";

  /**
   * Path of a pipe to a service, before its name. A pipe is not gRPC: the request's body and the
   * response's body are its two directions.
   */
  static final String PIPES = "/weft.pipe/";

  /** The status with which a server answers a call of a method that it does not have. */
  static final int UNIMPLEMENTED = 12;

  /** RFC 9113 section 7. */
  private static final int CANCEL = 0x8;

  private Grpc() {}

  /** The request of a call. */
  static RequestOptions request(String path, Map<String, String> headers) {
    RequestOptions request =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setURI(path)
            .putHeader("content-type", CONTENT_TYPE)
            .putHeader("te", "trailers");
    headers.forEach(request::putHeader);
    return request;
  }

  /** The request of a call that ends within the deadline. */
  static RequestOptions request(String path, Map<String, String> headers, Duration deadline) {
    return request(path, headers).putHeader("grpc-timeout", deadline.toMillis() + "m");
  }

  /**
   * Sends the message and waits for the answer; cancels the call at the deadline.
   *
   * @param maxAnswer bytes of a message; EXHAUSTED for a longer one
   */
  static Future<Buffer> send(
      HttpClientRequest call, Buffer message, Duration deadline, int maxAnswer) {
    return call.send(frame(message))
        .compose(response -> status(response, maxAnswer))
        .map(Grpc::single)
        .timeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
        .onFailure(e -> call.reset(CANCEL))
        .recover(e -> Future.failedFuture(named(call.getURI(), deadline, e)));
  }

  /** The failure of a call, which for a late one names the path. */
  static WeftException named(String path, Duration deadline, Throwable e) {
    return e instanceof TimeoutException
        ? Fault.TIMEOUT.because(path + ": no answer within " + deadline.toMillis() + " ms", e)
        : WeftException.of(e);
  }

  /** Waits for the end of the response; fails with the status in the trailers if it is not OK. */
  static Future<Buffer> status(HttpClientResponse response) {
    return status(response, MAX_MESSAGE);
  }

  private static Future<Buffer> status(HttpClientResponse response, int maxAnswer) {
    if (response.statusCode() != 200) {
      return Future.failedFuture(
          Fault.UNAVAILABLE.because("HTTP status " + response.statusCode() + " for a gRPC call"));
    }
    return body(response, maxAnswer)
        .compose(
            body -> {
              WeftException failure = failure(trailers(response));
              return failure == null ? Future.succeededFuture(body) : Future.failedFuture(failure);
            });
  }

  /** The response's body, of which no more is kept than a message may have. */
  private static Future<Buffer> body(HttpClientResponse response, int maxMessage) {
    Promise<Buffer> whole = Promise.promise();
    Buffer body = Buffer.buffer();
    response
        .handler(
            data -> {
              if (whole.future().isComplete()) {
                return;
              }
              if (body.length() + data.length() > maxMessage + PREFIX) {
                whole.fail(
                    Fault.EXHAUSTED.because("an answer of more than " + maxMessage + " bytes"));
              } else {
                body.appendBuffer(data);
              }
            })
        .exceptionHandler(whole::tryFail)
        .endHandler(v -> whole.tryComplete(body));
    return whole.future();
  }

  /** Waits for the end of the response and gives its status, whatever it is. */
  static Future<Integer> statusCode(HttpClientResponse response) {
    return response
        .body()
        .map(
            body -> {
              String code = trailers(response).get(STATUS);
              if (code == null || !code.matches("\\d{1,3}")) {
                throw Fault.UNAVAILABLE.because(
                    "HTTP status " + response.statusCode() + ", gRPC status " + code);
              }
              return Integer.parseInt(code);
            });
  }

  /** A response without a body has its trailers as headers (Trailers-Only). */
  private static MultiMap trailers(HttpClientResponse response) {
    return response.trailers().contains(STATUS) ? response.trailers() : response.headers();
  }

  /** Begins and ends a response with status OK and one message. */
  static void end(HttpServerResponse response, Buffer message) {
    response
        .putHeader("content-type", CONTENT_TYPE)
        .setChunked(true)
        .putTrailer(STATUS, "0")
        .end(frame(message));
  }

  /** Begins and ends a response with the status of a fault, and its text. */
  static void refuse(HttpServerResponse response, Fault fault, String why) {
    response
        .putHeader("content-type", CONTENT_TYPE)
        .setChunked(true)
        .putTrailer(STATUS, String.valueOf(fault.grpcStatus()))
        .putTrailer(MESSAGE, percentEncoded(why))
        .end();
  }

  /**
   * Sets how a call ends. The text goes the way of trailers that are set: vertx-grpc 5.0.7 encodes
   * a status message of its own as a part of a URL, slashes and spaces too.
   */
  static void status(GrpcServerResponse<?, ?> response, WeftException why) {
    response.status(GrpcStatus.valueOf(why.fault().grpcStatus()));
    response.trailers().set(MESSAGE, percentEncoded(why.getMessage()));
  }

  /** Status text as trailers carry it: printable ASCII as it is, but for the percent sign. */
  private static String percentEncoded(String text) {
    StringBuilder encoded = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (b >= ' ' && b <= '~' && b != '%') {
        encoded.append((char) b);
      } else {
        encoded.append(String.format("%%%02X", b));
      }
    }
    return encoded.toString();
  }

  /**
   * A handler of calls whose messages are not compressed. The limit of their length would not bound
   * what they unpack to; and vertx-grpc 5.0.7 throws at one that is said to be compressed in a call
   * that names no encoding, and never answers.
   */
  static Handler<HttpServerRequest> uncompressed(Handler<HttpServerRequest> server) {
    return request -> {
      String encoding = request.getHeader(ENCODING);
      if (encoding != null && !encoding.equals(IDENTITY)) {
        request
            .response()
            .putHeader("content-type", CONTENT_TYPE)
            .putHeader("grpc-accept-encoding", IDENTITY)
            .putHeader(STATUS, Integer.toString(UNIMPLEMENTED))
            .putHeader(
                MESSAGE,
                percentEncoded(ENCODING + ": " + encoding + " (expected: " + IDENTITY + ")"))
            .end();
        return;
      }
      request.headers().set(ENCODING, IDENTITY);
      server.handle(request);
    };
  }

  static Buffer frame(Buffer message) {
    return Buffer.buffer(PREFIX + message.length())
        .appendByte((byte) 0)
        .appendInt(message.length())
        .appendBuffer(message);
  }

  /** The one message of a unary request or answer. */
  static Buffer single(Buffer body) {
    if (body.length() < PREFIX || body.getByte(0) != 0) {
      throw Fault.UNAVAILABLE.because(
          "gRPC message of " + body.length() + " bytes without its prefix");
    }
    int length = body.getInt(1);
    if (length != body.length() - PREFIX) {
      throw Fault.UNAVAILABLE.because(
          "gRPC message: length " + length + " (expected: " + (body.length() - PREFIX) + ")");
    }
    return body.slice(PREFIX, body.length());
  }

  private static WeftException failure(MultiMap trailers) {
    String status = trailers.get(STATUS);
    if ("0".equals(status)) {
      return null;
    }
    if (status == null) {
      return Fault.UNAVAILABLE.because("the call ended without a gRPC status");
    }
    String text = trailers.get(MESSAGE);
    return failure(status, text == null ? "gRPC status " + status : percentDecoded(text));
  }

  /** The failure that a status other than OK stands for. */
  static WeftException failure(int status, String text) {
    return failure(String.valueOf(status), text);
  }

  private static WeftException failure(String status, String text) {
    for (Fault fault : Fault.values()) {
      if (status.equals(String.valueOf(fault.grpcStatus()))) {
        return fault.because(text);
      }
    }
    return Fault.INTERNAL.because("gRPC status " + status + ": " + text);
  }

  private static String percentDecoded(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // The peer did not percent-encode its text, which is still better than no text.
      return text;
    }
  }
}
