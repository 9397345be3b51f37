package dev.weft.mesh.link;

import static java.util.concurrent.TimeUnit.MINUTES;

import dev.weft.mesh.proto.Route;
import dev.weft.mesh.proto.SetRoute;
import dev.weft.mesh.route.RouteAnnouncement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Puts the other end's announcement together from its parts, and refuses what cannot be. */
final class AnnouncementReader {
  /** Round trips from here on are taken as unknown, microseconds. */
  private static final long LONGEST_RTT = MINUTES.toMicros(10);

  private final long peer;
  private List<RouteAnnouncement> parts = new ArrayList<>();
  private List<Long> gone = new ArrayList<>();
  private List<RouteAnnouncement> all = List.of();
  private long refused;

  /**
   * @param peer the announcing node
   */
  AnnouncementReader(long peer) {
    this.peer = peer;
  }

  /** Routes that were left out, and round trips that were taken as unknown. */
  long refused() {
    return refused;
  }

  /** Adds a part; all of the announcement if it was the last, else null. */
  List<RouteAnnouncement> add(SetRoute part) {
    for (Route route : part.getRoutesList()) {
      if (parts.size() < AnnouncementWriter.MOST_ROUTES && possible(route)) {
        parts.add(
            new RouteAnnouncement(
                route.getDestination(), List.copyOf(route.getHopsList()), rtt(route)));
      } else {
        refused++;
      }
    }
    for (long destination : part.getGoneList()) {
      if (gone.size() < AnnouncementWriter.MOST_ROUTES) {
        gone.add(destination);
      } else {
        refused++;
      }
    }
    if (!part.getIsEnd()) {
      return null;
    }
    all = part.getChanges() ? changed() : List.copyOf(parts);
    parts = new ArrayList<>();
    gone = new ArrayList<>();
    return all;
  }

  private List<RouteAnnouncement> changed() {
    Map<Long, RouteAnnouncement> changed = new LinkedHashMap<>();
    all.forEach(announcement -> changed.put(announcement.destination(), announcement));
    changed.keySet().removeAll(Set.copyOf(gone));
    for (RouteAnnouncement announcement : parts) {
      if (changed.size() < AnnouncementWriter.MOST_ROUTES
          || changed.containsKey(announcement.destination())) {
        changed.put(announcement.destination(), announcement);
      } else {
        refused++;
      }
    }
    return List.copyOf(changed.values());
  }

  /** The way ends with the announcing node, and does not pass its destination. */
  private boolean possible(Route route) {
    int hops = route.getHopsCount();
    return hops > 0
        && hops <= AnnouncementWriter.MOST_HOPS
        && route.getHops(hops - 1) == peer
        && !route.getHopsList().contains(route.getDestination());
  }

  private long rtt(Route route) {
    if (!route.hasRttUs()) {
      return RouteAnnouncement.UNKNOWN;
    }
    long micros = route.getRttUs();
    if (micros < 0 || micros >= LONGEST_RTT) {
      refused++;
      return RouteAnnouncement.UNKNOWN;
    }
    return micros;
  }
}
