package dev.weft.mesh.link;

import com.google.protobuf.CodedOutputStream;
import dev.weft.mesh.proto.Route;
import dev.weft.mesh.proto.SetRoute;
import dev.weft.mesh.route.RouteAnnouncement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Cuts what this node announces into parts that fit into a control frame: all of it, or what has
 * changed.
 */
final class AnnouncementWriter {
  /** Destinations that are announced over one link; a mesh is smaller. */
  static final int MOST_ROUTES = 10_000;

  /** Nodes that a frame can pass: its hop limit. */
  static final int MOST_HOPS = 32;

  /**
   * Room for routes. Around them: tag and length of message and routes, 3 bytes each, the sequence
   * with its tag, 9, tag and length of what is gone, 3, and two marks of 2.
   */
  private static final int ROOM = FrameLabel.MAX_PAYLOAD - 3 - 3 - 9 - 3 - 2 - 2;

  /** A destination that is gone, bytes. */
  private static final int GONE = Long.BYTES;

  private final List<RouteAnnouncement> all;
  private final boolean changes;
  private final List<RouteAnnouncement> routes;
  private final List<Long> gone;
  private int next;
  private int nextGone;
  private long refused;

  private AnnouncementWriter(
      List<RouteAnnouncement> announced, Map<Long, RouteAnnouncement> before, boolean changes) {
    this.all = new ArrayList<>(Math.min(MOST_ROUTES, announced.size()));
    this.changes = changes;
    this.routes = new ArrayList<>();
    for (RouteAnnouncement announcement : announced) {
      if (all.size() == MOST_ROUTES || announcement.hops().size() > MOST_HOPS) {
        refused++;
        continue;
      }
      all.add(announcement);
      if (!announcement.equals(before.remove(announcement.destination()))) {
        routes.add(announcement);
      }
    }
    this.gone = List.copyOf(before.keySet());
  }

  /** All that is announced. */
  static AnnouncementWriter ofAll(List<RouteAnnouncement> announced) {
    return new AnnouncementWriter(announced, new HashMap<>(), false);
  }

  /**
   * What has changed.
   *
   * @param before what the other end knows
   */
  static AnnouncementWriter ofChanges(
      List<RouteAnnouncement> announced, Collection<RouteAnnouncement> before) {
    Map<Long, RouteAnnouncement> known = new HashMap<>();
    before.forEach(announcement -> known.put(announcement.destination(), announcement));
    return new AnnouncementWriter(announced, known, true);
  }

  /** What the other end knows after the last part. */
  List<RouteAnnouncement> all() {
    return all;
  }

  /** Announcements that are not sent: too many of them, or too many hops. */
  long refused() {
    return refused;
  }

  /** The next part; the last one says that it is. */
  SetRoute part() {
    SetRoute.Builder part = SetRoute.newBuilder();
    int room = ROOM;
    for (; nextGone < gone.size(); nextGone++) {
      room -= GONE;
      if (room < 0) {
        return part.build();
      }
      part.addGone(gone.get(nextGone));
    }
    for (; next < routes.size(); next++) {
      Route route = route(routes.get(next));
      room -= CodedOutputStream.computeMessageSize(SetRoute.ROUTES_FIELD_NUMBER, route);
      if (room < 0) {
        return part.build();
      }
      part.addRoutes(route);
    }
    return part.setChanges(changes).setIsEnd(true).build();
  }

  private static Route route(RouteAnnouncement announcement) {
    Route.Builder route =
        Route.newBuilder()
            .setDestination(announcement.destination())
            .addAllHops(announcement.hops());
    if (announcement.rttMicros() != RouteAnnouncement.UNKNOWN) {
      route.setRttUs(announcement.rttMicros());
    }
    return route.build();
  }
}
