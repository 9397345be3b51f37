package dev.weft.reach.stun;

import java.time.Duration;

/**
 * When a question is repeated, RFC 8489 section 6.2.1.
 *
 * @param first RTO: the time until the first repetition, doubled each time
 * @param sends Rc: how often it is sent in all
 * @param patience Rm: how many times {@code first} the last one is waited for
 */
record Retransmission(Duration first, int sends, int patience) {
  /** What the RFC proposes: given up after 39.5 s. */
  static final Retransmission RFC = new Retransmission(Duration.ofMillis(500), 7, 16);

  /** For what may well stay unanswered: given up after 5.5 s. */
  static final Retransmission PROBE = new Retransmission(Duration.ofMillis(500), 4, 4);

  /** Nanoseconds from one sending, counted from 0, to the next, or to the end. */
  long wait(int sending) {
    long rto = first.toNanos();
    return sending < sends - 1 ? rto << sending : rto * patience;
  }
}
