package dev.weft.bus;

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

  /** The failure itself, or INTERNAL around anything else, so that its text reaches the caller. */
  public static WeftException of(Throwable t) {
    if (t instanceof WeftException w) {
      return w;
    }
    String text = t.getMessage() == null ? t.getClass().getSimpleName() : t.getMessage();
    return Fault.INTERNAL.because(text, t);
  }
}
