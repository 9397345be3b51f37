package dev.weft.mesh.route;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * When to tell the other end of a link what. Bad news at once: a route that is gone, or got longer
 * because the old way is gone, may be what a loop stands on. Other news waits until 250 ms after
 * the last, so that what changes together is told together.
 */
final class Announcer {
  static final long PACE = TimeUnit.MILLISECONDS.toNanos(250);

  private List<RouteAnnouncement> told = List.of();
  private boolean began;
  private long due;
  private long pacedUntil = Long.MIN_VALUE;

  /** The first set is due at once, even if it is empty: the peer may remember an older one. */
  Announcer(long now) {
    this.due = now;
  }

  /**
   * What is to be told of a destination has changed.
   *
   * @param present null if nothing is to be told
   */
  void note(long destination, RouteAnnouncement present, long now) {
    RouteAnnouncement before = told(destination);
    if (Objects.equals(before, present)) {
      return;
    }
    boolean samePath = before != null && present != null && before.hops().equals(present.hops());
    if (samePath && !Metric.clearlyDiffer(before.rttMicros(), present.rttMicros())) {
      return;
    }
    boolean bad = before != null && (present == null || (!samePath && !better(present, before)));
    due = Math.min(due, bad ? now : Math.max(now, pacedUntil));
  }

  private static boolean better(RouteAnnouncement one, RouteAnnouncement other) {
    int more = one.hops().size() - other.hops().size();
    long beside = Metric.beside(one.rttMicros(), more);
    return beside == other.rttMicros() ? more < 0 : beside < other.rttMicros();
  }

  private RouteAnnouncement told(long destination) {
    int low = 0;
    int high = told.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Long.compareUnsigned(told.get(middle).destination(), destination);
      if (order == 0) {
        return told.get(middle);
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
  }

  /** When a set is to be told; {@link Long#MAX_VALUE} for never. */
  long due() {
    return due;
  }

  /**
   * The set that is to be told now. What has changed by less than a quarter of noise is told as
   * before, so that whoever sends it may leave it out.
   *
   * @param all sorted by destination, unsigned
   * @return null if it says what was told already
   */
  List<RouteAnnouncement> tell(List<RouteAnnouncement> all, long now) {
    due = Long.MAX_VALUE;
    boolean news = !began || all.size() != told.size();
    List<RouteAnnouncement> set = new ArrayList<>(all.size());
    int next = 0;
    for (RouteAnnouncement announcement : all) {
      while (next < told.size() && isBefore(told.get(next), announcement)) {
        next++;
      }
      RouteAnnouncement before = next < told.size() ? told.get(next) : null;
      if (before == null
          || before.destination() != announcement.destination()
          || !before.hops().equals(announcement.hops())) {
        news = true;
        set.add(announcement);
      } else if (Metric.slightlyDiffer(before.rttMicros(), announcement.rttMicros())) {
        news |= Metric.clearlyDiffer(before.rttMicros(), announcement.rttMicros());
        set.add(announcement);
      } else {
        set.add(before);
      }
    }
    if (!news) {
      return null;
    }
    began = true;
    told = List.copyOf(set);
    pacedUntil = now + PACE;
    return told;
  }

  private static boolean isBefore(RouteAnnouncement one, RouteAnnouncement other) {
    return Long.compareUnsigned(one.destination(), other.destination()) < 0;
  }
}
