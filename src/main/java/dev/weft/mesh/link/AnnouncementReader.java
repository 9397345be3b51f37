package dev.weft.mesh.link;

import static java.util.concurrent.TimeUnit.MINUTES;

import dev.weft.mesh.proto.Route;
import dev.weft.mesh.proto.SetRoute;
import dev.weft.mesh.route.RouteAnnouncement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Puts the other end's announcement together from its parts, and refuses what cannot be. */
final class AnnouncementReader {
  /** Round trips from here on are taken as unknown, microseconds. */
  private static final long LONGEST_RTT = MINUTES.toMicros(10);

  private final long peer;
  private final Map<Long, RouteAnnouncement> all = new LinkedHashMap<>();

  /** Of an announcement whose end has not arrived. */
  private List<RouteAnnouncement> parts = new ArrayList<>();

  private List<Long> gone = new ArrayList<>();
  private boolean complete;
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

  /** Whether an announcement has ever arrived. */
  boolean isComplete() {
    return complete;
  }

  /** What the latest complete announcement says, one route a destination. */
  List<RouteAnnouncement> all() {
    return List.copyOf(all.values());
  }

  /** Adds a part; true if it was the last one of an announcement. */
  boolean add(SetRoute part) {
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
    if (part.getIsEnd()) {
      complete = true;
      end(part.getChanges());
    }
    return part.getIsEnd();
  }

  private void end(boolean changes) {
    if (!changes) {
      all.clear();
    }
    gone.forEach(all::remove);
    for (RouteAnnouncement announcement : parts) {
      if (all.size() < AnnouncementWriter.MOST_ROUTES
          || all.containsKey(announcement.destination())) {
        all.put(announcement.destination(), announcement);
      } else {
        refused++;
      }
    }
    parts = new ArrayList<>();
    gone = new ArrayList<>();
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
