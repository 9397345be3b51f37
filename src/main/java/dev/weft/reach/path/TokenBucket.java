package dev.weft.reach.path;

/** So many things a second, and as many at once. */
final class TokenBucket {
  private final long nanosEach;
  private final long burst;

  /** When the bucket would have been empty; full at the beginning. */
  private long emptyAt;

  TokenBucket(int perSecond, long now) {
    this.nanosEach = 1_000_000_000L / perSecond;
    this.burst = nanosEach * perSecond;
    this.emptyAt = now - burst;
  }

  boolean take(long now) {
    long from = now - emptyAt > burst ? now - burst : emptyAt;
    if (now - from < nanosEach) {
      return false;
    }
    emptyAt = from + nanosEach;
    return true;
  }
}
