package dev.weft.mesh.link;

import com.google.protobuf.CodedOutputStream;
import dev.weft.mesh.proto.Route;
import dev.weft.mesh.proto.SetRoute;
import dev.weft.mesh.route.RouteAnnouncement;
import java.util.List;

/** Cuts what this node announces into parts that fit into a control frame. */
final class AnnouncementWriter {
  /** Destinations that are announced over one link; a mesh is smaller. */
  static final int MOST_ROUTES = 10_000;

  /** Nodes that a frame can pass: its hop limit. */
  static final int MOST_HOPS = 32;

  /**
   * Room for routes. Around them: tag and length of message and routes, 3 bytes each, the sequence
   * with its tag, 9, and the end mark, 2.
   */
  private static final int ROOM = FrameLabel.MAX_PAYLOAD - 3 - 3 - 9 - 2;

  private final List<RouteAnnouncement> all;
  private int next;
  private long refused;

  AnnouncementWriter(List<RouteAnnouncement> all) {
    this.all = all.size() > MOST_ROUTES ? all.subList(0, MOST_ROUTES) : all;
    refused = all.size() - this.all.size();
  }

  /** Announcements that are not sent: too many of them, or too many hops. */
  long refused() {
    return refused;
  }

  /** The next part; the last one says that it is. */
  SetRoute part() {
    SetRoute.Builder part = SetRoute.newBuilder();
    for (int room = ROOM; next < all.size(); next++) {
      RouteAnnouncement announcement = all.get(next);
      if (announcement.hops().size() > MOST_HOPS) {
        refused++;
        continue;
      }
      Route route = route(announcement);
      room -= CodedOutputStream.computeMessageSize(SetRoute.ROUTES_FIELD_NUMBER, route);
      if (room < 0) {
        return part.build();
      }
      part.addRoutes(route);
    }
    return part.setIsEnd(true).build();
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
