package dev.weft.nsm.client;

/** A request that is refused: an answer ({@code accepted = false}), not a failure of the call. */
public final class Refused extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public Refused(String admissionError) {
    super(admissionError, null, false, false);
  }
}
