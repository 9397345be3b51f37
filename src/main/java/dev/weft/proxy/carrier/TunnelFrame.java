package dev.weft.proxy.carrier;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The kinds of frames between two proxies, and how they are written. */
enum TunnelFrame {
  READY(1),
  REFUSED(2),
  DATA(3),
  END(4),
  BROKEN(5);

  /** Kind and length. */
  static final int HEAD = 4;

  /** Bytes of a text at most. */
  static final int MOST_TEXT = 1000;

  private final int code;

  TunnelFrame(int code) {
    this.code = code;
  }

  /** Null for a kind that is not known. */
  static TunnelFrame of(int code) {
    return Arrays.stream(values()).filter(f -> f.code == code).findFirst().orElse(null);
  }

  /** Whether it carries a text. */
  boolean tells() {
    return this == REFUSED || this == BROKEN;
  }

  Buffer with(Buffer payload) {
    return Buffer.buffer(HEAD + payload.length())
        .appendByte((byte) code)
        .appendMedium(payload.length())
        .appendBuffer(payload);
  }

  /** A text is cut to its bound. */
  Buffer with(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return with(Buffer.buffer(Arrays.copyOf(bytes, Math.min(bytes.length, MOST_TEXT))));
  }

  /** A refusal: the fault's gRPC status, 1 byte, and why. */
  static Buffer refused(Fault fault, String why) {
    byte[] bytes = why.getBytes(StandardCharsets.UTF_8);
    return REFUSED.with(
        Buffer.buffer()
            .appendByte((byte) fault.grpcStatus())
            .appendBytes(bytes, 0, Math.min(bytes.length, MOST_TEXT - 1)));
  }

  /** What a refusal says. */
  static WeftException refusal(Buffer contents) {
    int status = contents.length() == 0 ? 0 : contents.getByte(0);
    String why = contents.slice(Math.min(1, contents.length()), contents.length()).toString();
    return Arrays.stream(Fault.values())
        .filter(fault -> fault.grpcStatus() == status)
        .findFirst()
        .orElse(Fault.UNAVAILABLE)
        .because(why);
  }

  Buffer empty() {
    return with(Buffer.buffer());
  }
}
