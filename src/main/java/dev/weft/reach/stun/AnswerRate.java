package dev.weft.reach.stun;

import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How many answers may be sent: to each address and in all. Sources of datagrams can be forged, so
 * the bound for all of them is the one that holds. Any thread may call.
 */
final class AnswerRate {
  /** A dozen nodes may begin at once behind one NAT. */
  static final int EACH_PER_SECOND = 100;

  static final int ALL_PER_SECOND = 1000;

  /** Addresses that are remembered; the one that was quiet longest is forgotten first. */
  private static final int MOST_ADDRESSES = 1024;

  private static final long SECOND_NANOS = 1_000_000_000L;

  /** Holds a second's worth, and is full at first. */
  private static final class Bucket {
    private final int perSecond;
    private double tokens;
    private long filledAt;

    Bucket(int perSecond, long now) {
      this.perSecond = perSecond;
      this.tokens = perSecond;
      this.filledAt = now;
    }

    boolean take(long now) {
      double since = (double) Math.max(0, now - filledAt) / SECOND_NANOS;
      tokens = Math.min(perSecond, tokens + since * perSecond);
      filledAt = now;
      if (tokens < 1) {
        return false;
      }
      tokens--;
      return true;
    }
  }

  private final Map<InetAddress, Bucket> each =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<InetAddress, Bucket> eldest) {
          return size() > MOST_ADDRESSES;
        }
      };

  private final Bucket all;

  AnswerRate(long now) {
    all = new Bucket(ALL_PER_SECOND, now);
  }

  synchronized boolean allows(InetAddress to, long now) {
    return each.computeIfAbsent(to, a -> new Bucket(EACH_PER_SECOND, now)).take(now)
        && all.take(now);
  }
}
