package dev.weft.bus;

import io.vertx.core.VertxException;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.StreamResetException;
import java.net.SocketException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.TimeoutException;

/** A failure that a user is told about: its kind and a sentence that names the offending value. */
public final class WeftException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Fault fault;

  WeftException(Fault fault, String message, Throwable cause) {
    // A failure here is a value, not a defect: a stack trace only where there is a cause to show.
    super(message, cause, false, cause != null);
    this.fault = fault;
  }

  public Fault fault() {
    return fault;
  }

  /**
   * The failure itself; UNAVAILABLE around that of a connection or of a node that stops and TIMEOUT
   * around that of waiting, INTERNAL around anything else, so that its text reaches the caller.
   */
  public static WeftException of(Throwable t) {
    if (t instanceof WeftException w) {
      return w;
    }
    Fault fault =
        t instanceof TimeoutException
            ? Fault.TIMEOUT
            : isOfConnection(t) || Reason.isStop(t) ? Fault.UNAVAILABLE : Fault.INTERNAL;
    return fault.because(Reason.of(t), t);
  }

  private static boolean isOfConnection(Throwable t) {
    return t instanceof HttpClosedException
        || t instanceof StreamResetException
        || t instanceof ClosedChannelException
        || t instanceof SocketException
        || (t instanceof VertxException && Reason.of(t).contains("closed"));
  }
}
