package dev.weft.proxy.utp.machine;

/** Round trips, and how long to wait for an acknowledgement (RFC 6298, BEP 29); microseconds. */
final class RetransmitTimeout {
  /** As BEP 29 says. */
  private static final long LEAST = 500_000;

  /** Not more, so that a connection goes on soon after its path has come back. */
  private static final long MOST = 4_000_000;

  private static final long INITIAL = 1_000_000;

  private long smoothed;
  private long variation;
  private long latest;
  private int doublings;

  /** A packet that was sent once has been acknowledged; one sent twice tells nothing. */
  void sample(long roundTrip) {
    latest = Math.max(1, roundTrip);
    if (smoothed == 0) {
      smoothed = latest;
      variation = latest / 2;
    } else {
      variation += (Math.abs(smoothed - latest) - variation) / 4;
      smoothed += (latest - smoothed) / 8;
    }
  }

  /** Something was acknowledged. */
  void progress() {
    doublings = 0;
  }

  void doubled() {
    doublings++;
  }

  int doublings() {
    return doublings;
  }

  long timeout() {
    long base = smoothed == 0 ? INITIAL : Math.max(LEAST, smoothed + 4 * variation);
    return Math.min(MOST, base << Math.min(doublings, 4));
  }

  /** 0 as long as none is known. */
  long smoothed() {
    return smoothed;
  }

  /** After which a packet that was overtaken is lost (RFC 9002 section 6.1.2). */
  long reordering() {
    return Math.max(1_000, Math.max(smoothed, latest) * 9 / 8);
  }

  /** After which the last packet is sent again to learn what has arrived (RFC 8985 section 7.2). */
  long tail() {
    return Math.max(20_000, 2 * smoothed);
  }
}
