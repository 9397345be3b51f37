package dev.weft.proxy.forward;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Collects the head of an HTTP request as it arrives. It ends with its first empty line; what comes
 * after that is no part of it and is left alone. Empty lines before the request are left out (RFC
 * 9112 section 2.2), and lines may end in LF alone.
 */
final class ConnectHead {
  /** Bytes of a head at most, its empty line among them. */
  static final int MOST = 16 << 10;

  private byte[] head = new byte[512];
  private int length;

  /** Bytes of the line under way, its end not counted. */
  private int lineLength;

  private boolean begun;
  private boolean complete;

  /**
   * Takes bytes.
   *
   * @return how many belong to the head; fewer than there are only if it is complete
   * @throws ConnectRefused for a head that is too long
   */
  int add(byte[] bytes) {
    int at = 0;
    while (at < bytes.length && !complete) {
      add(bytes[at]);
      at++;
    }
    return at;
  }

  private void add(byte next) {
    if (length == MOST) {
      throw ConnectStatus.HEAD_TOO_LARGE.because(
          "head: more than " + MOST + " bytes (expected: at most so many)");
    }
    if (length == head.length) {
      head = Arrays.copyOf(head, Math.min(MOST, 2 * length));
    }
    head[length++] = next;
    if (next == '\n') {
      complete = begun && lineLength == 0;
      lineLength = 0;
    } else if (next != '\r') {
      lineLength++;
      begun = true;
    }
  }

  /** Whether nothing has come yet. */
  boolean isEmpty() {
    return length == 0;
  }

  /** The request, once its head is complete; throws ConnectRefused for one that is refused. */
  Optional<ConnectRequest> request() {
    return complete
        ? Optional.of(
            ConnectRequest.parse(new String(head, 0, length, StandardCharsets.ISO_8859_1)))
        : Optional.empty();
  }
}
