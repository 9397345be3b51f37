package dev.weft.rpc;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;

/**
 * The cause of a failure: a connection took nothing more, so that what was asked of it has not
 * begun, and may be asked of another connection.
 */
public final class NotBegun extends Exception {
  private static final long serialVersionUID = 1L;

  private NotBegun() {
    super(null, null, false, false);
  }

  static WeftException failure() {
    return Fault.UNAVAILABLE.because("the connection is being closed", new NotBegun());
  }

  /** Whether a failure says so. */
  public static boolean says(Throwable failure) {
    return failure.getCause() instanceof NotBegun;
  }
}
