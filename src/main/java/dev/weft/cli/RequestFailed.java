package dev.weft.cli;

/** The node could not be asked, or refused; the message is for the user. */
final class RequestFailed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  RequestFailed(String message) {
    this(0, message);
  }

  /**
   * @param status with which the node refused; 0 if it did not answer
   */
  RequestFailed(int status, String message) {
    super(message);
    this.status = status;
  }

  RequestFailed(String message, Throwable cause) {
    super(message, cause);
    this.status = 0;
  }

  /** HTTP status; 0 if there is none. */
  int status() {
    return status;
  }
}
