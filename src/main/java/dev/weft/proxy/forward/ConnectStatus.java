package dev.weft.proxy.forward;

/** How a CONNECT is answered (RFC 9110, and 526 as others have it). */
enum ConnectStatus {
  ESTABLISHED(200, "Connection Established"),
  BAD_REQUEST(400, "Bad Request"),
  FORBIDDEN(403, "Forbidden"),
  METHOD_NOT_ALLOWED(405, "Method Not Allowed"),
  AUTHENTICATION_REQUIRED(407, "Proxy Authentication Required"),
  REQUEST_TIMEOUT(408, "Request Timeout"),
  HEAD_TOO_LARGE(431, "Request Header Fields Too Large"),
  BAD_GATEWAY(502, "Bad Gateway"),
  UNAVAILABLE(503, "Service Unavailable"),
  GATEWAY_TIMEOUT(504, "Gateway Timeout"),
  /** Another node than the one that was asked for has answered. */
  INVALID_CERTIFICATE(526, "Invalid SSL Certificate");

  private final int code;
  private final String phrase;

  ConnectStatus(int code, String phrase) {
    this.code = code;
    this.phrase = phrase;
  }

  int code() {
    return code;
  }

  String phrase() {
    return phrase;
  }

  ConnectRefused because(String reason) {
    return new ConnectRefused(this, reason);
  }
}
