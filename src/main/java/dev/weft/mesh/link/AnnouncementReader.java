package dev.weft.mesh.link;

import static java.util.concurrent.TimeUnit.MINUTES;

import dev.weft.mesh.proto.Route;
import dev.weft.mesh.proto.SetRoute;
import dev.weft.mesh.route.RouteAnnouncement;
import java.util.ArrayList;
import java.util.List;

/** Puts the other end's announcement together from its parts, and refuses what cannot be. */
final class AnnouncementReader {
  /** Round trips from here on are taken as unknown, microseconds. */
  private static final long LONGEST_RTT = MINUTES.toMicros(10);

  private final long peer;
  private List<RouteAnnouncement> parts = new ArrayList<>();
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
    if (!part.getIsEnd()) {
      return null;
    }
    List<RouteAnnouncement> all = List.copyOf(parts);
    parts = new ArrayList<>();
    return all;
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
