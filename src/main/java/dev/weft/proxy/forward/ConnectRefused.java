package dev.weft.proxy.forward;

/** A CONNECT is not carried out; the message is the reason that the client is told. */
final class ConnectRefused extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ConnectStatus status;

  ConnectRefused(ConnectStatus status, String reason) {
    super(reason, null, false, false);
    this.status = status;
  }

  ConnectStatus status() {
    return status;
  }
}
