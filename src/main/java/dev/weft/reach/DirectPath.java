package dev.weft.reach;

import java.net.InetSocketAddress;

/** A path by UDP straight to a node. Any loop uses it, for each datagram. */
public final class DirectPath {
  private final InetSocketAddress at;
  private final boolean doubtful;
  private final Runnable traffic;
  private volatile boolean watched;
  private volatile long rttMicros;

  /**
   * @param at where to send datagrams
   * @param doubtful whether it does not answer at the moment, so that another way is better
   * @param traffic runs on the sender's loop when a datagram is sent and that is watched for
   */
  public DirectPath(InetSocketAddress at, boolean doubtful, Runnable traffic) {
    this.at = at;
    this.doubtful = doubtful;
    this.traffic = traffic;
  }

  public InetSocketAddress at() {
    return at;
  }

  public boolean doubtful() {
    return doubtful;
  }

  /** The next datagram will be told. */
  public void watch() {
    watched = true;
  }

  /** A datagram is sent to the node, by this path or by another. */
  void used() {
    if (watched) {
      watched = false;
      traffic.run();
    }
  }

  public void rttMicros(long micros) {
    rttMicros = micros;
  }

  /** Round trip, smoothed, microseconds; 0 before it was measured. */
  public long rttMicros() {
    return rttMicros;
  }
}
