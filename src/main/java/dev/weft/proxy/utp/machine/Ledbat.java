package dev.weft.proxy.utp.machine;

/**
 * How much may be under way: LEDBAT (RFC 6817 section 2.4), with the slow start that libutp has.
 * The window grows by at most one packet in a round trip while the queue is below its target, and
 * shrinks by the part by which the queue is above it; so it gives way to all that fills the queue.
 */
final class Ledbat {
  /** Microseconds that packets may wait in queues because of this connection. */
  static final long TARGET = 100_000;

  /** Packets of a round trip; section 2.4 allows at most 1. */
  private static final double GAIN = 1;

  /** MIN_CWND, packets. */
  private static final int LEAST = 2;

  /** INIT_CWND, packets; RFC 5681 allows TCP 4 of this size. */
  private static final int INITIAL = 4;

  /**
   * Part of the window in a round trip. A decrease by packets, which is all that section 2.4.2 asks
   * for, takes half a minute to give way where the queue is long; LEDBAT++ has this one
   * (draft-irtf-iccrg-ledbat-plus-plus).
   */
  private static final double MOST_DECREASE = 0.5;

  /** Where slow start ends, as part of the target; LEDBAT++ has the same. */
  private static final double ENOUGH = 0.75;

  /** Bytes; more packets than the send window holds are never under way. */
  private static final double MOST = 2 << 20;

  private final DelayHistory delays = new DelayHistory();
  private double window;
  private double threshold = MOST;
  private int packet;

  /**
   * @param packet bytes of a full packet
   */
  Ledbat(int packet) {
    this.packet = packet;
    this.window = INITIAL * packet;
  }

  void packet(int bytes) {
    packet = bytes;
  }

  /** Bytes. */
  long window() {
    return (long) window;
  }

  /** Microseconds. */
  long queueing() {
    return delays.queueing();
  }

  /**
   * The other end has told how long a packet took.
   *
   * @param delay microseconds by both ends' clocks, 32 bits
   */
  void delay(long delay, long now) {
    delays.add(delay, now);
  }

  /**
   * Bytes have arrived.
   *
   * @param bytes more than 0
   * @param flight bytes that were under way before: a window that is not used does not grow
   * @param roundTrip microseconds, the least of these packets: the queue cannot be longer
   */
  void arrived(int bytes, long flight, long roundTrip) {
    long queue = Math.min(delays.queueing(), roundTrip);
    double most = Math.max(window, Math.min(MOST, 2.0 * flight));
    if (window < threshold && queue < ENOUGH * TARGET) {
      window = Math.min(most, window + bytes);
      return;
    }
    if (window < threshold) {
      threshold = window;
    }
    double off = (TARGET - queue) / (double) TARGET;
    double share = Math.min(1, bytes / window);
    double change = off >= 0 ? GAIN * off * packet : Math.max(-MOST_DECREASE, off) * window;
    window = Math.max(LEAST * packet, Math.min(most, window + share * change));
  }

  /** Packets were lost; at most once in a round trip. */
  void lost() {
    window = Math.max(LEAST * packet, window / 2);
    threshold = window;
  }

  /** Nothing arrives any more. */
  void timeout() {
    threshold = Math.max(LEAST * packet, window / 2);
    window = packet;
  }

  /** Nothing was sent for a while, and what the window says is old (RFC 5681 section 4.1). */
  void rested() {
    if (window > INITIAL * packet) {
      threshold = window;
      window = INITIAL * packet;
    }
  }
}
