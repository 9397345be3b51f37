package dev.weft.mesh.route;

/** Round-trip times in microseconds, from 0 to {@link RouteAnnouncement#UNKNOWN}. */
final class Metric {
  /** What passes for noise, microseconds. */
  private static final long NOISE = 5_000;

  /** What passes for noise, as a part of the whole: one in so many. */
  private static final long NOISE_PART = 5;

  /**
   * What a node on the way counts for, microseconds: a detour by less than noise is not worth it.
   */
  private static final long NODE = NOISE;

  private Metric() {}

  /**
   * The RTT by which a path is compared with one that passes {@code more} nodes less; with a
   * negative number, more.
   */
  static long beside(long rtt, int more) {
    return more >= 0
        ? sum(rtt, more * NODE)
        : rtt == RouteAnnouncement.UNKNOWN ? rtt : rtt + more * NODE;
  }

  static long sum(long first, long second) {
    return first >= RouteAnnouncement.UNKNOWN - second ? RouteAnnouncement.UNKNOWN : first + second;
  }

  /** Whether the RTT is less by more than what passes for noise in the other one. */
  static boolean clearlyLess(long rtt, long other) {
    return other == RouteAnnouncement.UNKNOWN
        ? rtt != RouteAnnouncement.UNKNOWN
        : other - rtt > Math.max(NOISE, other / NOISE_PART);
  }

  /** Whether a change of the RTT is more than noise. */
  static boolean clearlyDiffer(long before, long now) {
    return now < before ? clearlyLess(now, before) : clearlyMore(now, before);
  }

  /** Whether a change of the RTT is worth to be told beside others: a quarter of noise. */
  static boolean slightlyDiffer(long before, long now) {
    return (before == RouteAnnouncement.UNKNOWN || now == RouteAnnouncement.UNKNOWN)
        ? before != now
        : Math.abs(now - before) > Math.max(NOISE, before / NOISE_PART) / 4;
  }

  private static boolean clearlyMore(long now, long before) {
    return now == RouteAnnouncement.UNKNOWN
        ? before != RouteAnnouncement.UNKNOWN
        : now - before > Math.max(NOISE, before / NOISE_PART);
  }
}
