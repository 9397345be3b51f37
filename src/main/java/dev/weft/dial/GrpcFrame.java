package dev.weft.dial;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

/** gRPC's length-prefixed message and its status trailers (PROTOCOL-HTTP2.md). */
public final class GrpcFrame {
  /** A flag byte and a 4-byte length before each message. */
  public static final int PREFIX = 5;

  private GrpcFrame() {}

  static Buffer of(byte[] message) {
    return Buffer.buffer(PREFIX + message.length)
        .appendByte((byte) 0)
        .appendInt(message.length)
        .appendBytes(message);
  }

  /** The one message of a unary answer. */
  static byte[] single(Buffer body) {
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

  /** The failure that trailers tell of, null for status 0. */
  static WeftException failure(MultiMap trailers) {
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
