package dev.weft.mesh.link;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.weft.mesh.proto.LinkControlFrame;
import dev.weft.mesh.proto.LinkControlMessage;
import java.util.random.RandomGenerator;

/** This end's control messages: one at a time, sent again until it is acknowledged. */
final class ControlSender {
  static final long FIRST_WAIT = MILLISECONDS.toNanos(100);
  static final long LONGEST_WAIT = SECONDS.toNanos(1);

  /** Without an acknowledgement for so long the link has failed. */
  static final long GIVE_UP = SECONDS.toNanos(30);

  private long sequence;

  /** A {@link LinkControlFrame} that awaits its acknowledgement; null if there is none. */
  private byte[] outstanding;

  private long begun;
  private long sendAt;

  /** Since the last time that it was sent; 0 before the first. */
  private long wait;

  private boolean everAcknowledged;

  ControlSender(RandomGenerator random) {
    do {
      sequence = random.nextLong();
    } while (sequence == 0);
  }

  /** Whether nothing awaits its acknowledgement. */
  boolean idle() {
    return outstanding == null;
  }

  /** Whether the other end knows this node. */
  boolean everAcknowledged() {
    return everAcknowledged;
  }

  /** Makes a message the next one to {@link #send}; only while {@link #idle}. */
  void begin(LinkControlMessage.Builder message, long now) {
    outstanding =
        LinkControlFrame.newBuilder()
            .setMessage(message.setSequence(sequence))
            .build()
            .toByteArray();
    begun = now;
    sendAt = now;
    wait = 0;
  }

  /**
   * The message, to be sent now.
   *
   * @param rtt the round-trip time, nanoseconds; 0 if it is unknown
   */
  byte[] send(long rtt, long now) {
    wait = wait == 0 ? FIRST_WAIT : Math.min(LONGEST_WAIT, Math.max(wait + wait / 2, 2 * rtt));
    sendAt = now + wait;
    return outstanding;
  }

  /** When the message must be sent again, or given up. */
  long due() {
    return idle() ? Long.MAX_VALUE : Math.min(sendAt, begun + GIVE_UP);
  }

  boolean givenUp(long now) {
    return !idle() && now - begun >= GIVE_UP;
  }

  /**
   * The other end acknowledges.
   *
   * @return whether it means the message that is outstanding
   */
  boolean acknowledged(long ack) {
    if (idle() || ack != sequence) {
      return false;
    }
    outstanding = null;
    sequence++;
    everAcknowledged = true;
    return true;
  }
}
