package dev.weft.bus;

/**
 * What kind of failure an operation ended in. The same small set serves every room; this is the one
 * place where a failure becomes an HTTP status (RFC 9110) and a gRPC status.
 */
public enum Fault {
  /** The request itself is wrong: it will fail however often it is sent. */
  INVALID(400, 3),
  /** The caller gave no proof of who it is. */
  UNAUTHENTICATED(401, 16),
  /** The caller is known and may not do this. */
  DENIED(403, 7),
  /** What the request names does not exist. */
  NOT_FOUND(404, 5),
  /** The same key exists with other contents. */
  CONFLICT(409, 6),
  /** The request is right, the state it needs is not there. */
  PRECONDITION(412, 9),
  /** A bound was reached: addresses, ids, queue places. */
  EXHAUSTED(429, 8),
  /** The kernel, a peer or a disk failed, or this is a defect. */
  INTERNAL(500, 13),
  /** This node or the one asked cannot do it now; trying again may help. */
  UNAVAILABLE(503, 14),
  /** No answer within the deadline. */
  TIMEOUT(504, 4);

  private static final int MOST_SHOWN = 200;

  private final int httpStatus;
  private final int grpcStatus;

  Fault(int httpStatus, int grpcStatus) {
    this.httpStatus = httpStatus;
    this.grpcStatus = grpcStatus;
  }

  /** HTTP status code. */
  public int httpStatus() {
    return httpStatus;
  }

  /** gRPC status code, as in {@code grpc-status}. */
  public int grpcStatus() {
    return grpcStatus;
  }

  /** An exception of this kind; the message names the offending value and what was expected. */
  public WeftException because(String message) {
    return new WeftException(this, message, null);
  }

  public WeftException because(String message, Throwable cause) {
    return new WeftException(this, message, cause);
  }

  /** {@code mtu: 70000 (expected: 68..65535)}. Of the value only what fits into a line is shown. */
  public static WeftException invalid(String what, Object value, String expected) {
    return INVALID.because(
        what + ": " + printable(String.valueOf(value)) + " (expected: " + expected + ")");
  }

  /** One line of at most 200 characters, whatever somebody else wrote. */
  public static String printable(String text) {
    String part = text.length() > MOST_SHOWN ? text.substring(0, MOST_SHOWN) + "…" : text;
    return part.replaceAll("\\p{Cntrl}", "?");
  }
}
