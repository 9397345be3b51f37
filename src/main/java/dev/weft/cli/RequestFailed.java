package dev.weft.cli;

/** The node could not be asked, or refused; the message is for the user. */
final class RequestFailed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RequestFailed(String message) {
    super(message);
  }

  RequestFailed(String message, Throwable cause) {
    super(message, cause);
  }
}
