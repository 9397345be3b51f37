package dev.weft.reach.stun;

import java.net.InetSocketAddress;
import java.time.Duration;

/** What came of a question. */
sealed interface StunResult {
  /**
   * An answer.
   *
   * @param mapped where the server sees the socket
   * @param source from where the answer came
   * @param rtt from the last repetition on
   */
  record Answered(
      InetSocketAddress mapped, InetSocketAddress source, StunMessage message, Duration rtt)
      implements StunResult {}

  /**
   * The server does not do it.
   *
   * @param code for example 420, an attribute that it does not know
   */
  record Refused(int code, String reason) implements StunResult {}

  /** Nothing came. */
  record Silent() implements StunResult {}
}
