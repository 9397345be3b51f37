package dev.weft.nsm;

/** No endpoint could be had: an answer ({@code accepted = false}), not a failure of the call. */
final class Refused extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Refused(String admissionError) {
    super(admissionError, null, false, false);
  }
}
