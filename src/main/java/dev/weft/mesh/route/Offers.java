package dev.weft.mesh.route;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;

/** All that was announced over one link, sorted by destination. */
final class Offers {
  private static final Comparator<Offer> BY_DESTINATION =
      (one, other) -> Long.compareUnsigned(one.destination(), other.destination());

  static final Offers NONE = new Offers(List.of());

  private final List<Offer> sorted;

  private Offers(List<Offer> sorted) {
    this.sorted = sorted;
  }

  /**
   * Reads an announcement. What makes no sense is left out, and so is a second route to a
   * destination; offers that have not changed stay the same objects.
   *
   * @param admitted asked once for each destination, in order
   */
  Offers next(List<RouteAnnouncement> announced, long peer, long self, LongPredicate admitted) {
    List<Offer> read = new ArrayList<>(announced.size());
    int next = 0;
    for (RouteAnnouncement announcement : announced) {
      long destination = announcement.destination();
      // Usually they come in order; where they do not, they are looked for.
      while (next < sorted.size()
          && Long.compareUnsigned(sorted.get(next).destination(), destination) < 0) {
        next++;
      }
      boolean inOrder = next < sorted.size() && sorted.get(next).destination() == destination;
      Offer known = inOrder ? sorted.get(next) : to(destination);
      Offer offer =
          known != null && known.says(announcement) ? known : Offer.read(announcement, peer, self);
      if (offer != null) {
        read.add(offer);
      }
    }
    // Stable: the first of several with one destination stays the first.
    read.sort(BY_DESTINATION);
    List<Offer> kept = new ArrayList<>(read.size());
    Offer last = null;
    for (Offer offer : read) {
      if ((last == null || last.destination() != offer.destination())
          && admitted.test(offer.destination())) {
        kept.add(offer);
      }
      last = offer;
    }
    return new Offers(kept);
  }

  int size() {
    return sorted.size();
  }

  /** Null if there is none. */
  Offer to(long destination) {
    int low = 0;
    int high = sorted.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Offer offer = sorted.get(middle);
      int order = Long.compareUnsigned(offer.destination(), destination);
      if (order == 0) {
        return offer;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
  }

  void destinations(LongConsumer each) {
    sorted.forEach(offer -> each.accept(offer.destination()));
  }

  /** The destinations whose offer differs from the one before, ascending. */
  void changes(Offers before, LongConsumer each) {
    int old = 0;
    int now = 0;
    while (old < before.sorted.size() || now < sorted.size()) {
      Offer was = old < before.sorted.size() ? before.sorted.get(old) : null;
      Offer is = now < sorted.size() ? sorted.get(now) : null;
      int order = was == null ? 1 : is == null ? -1 : BY_DESTINATION.compare(was, is);
      if (was != is || order != 0) {
        each.accept(order < 0 ? was.destination() : is.destination());
      }
      old += order <= 0 ? 1 : 0;
      now += order >= 0 ? 1 : 0;
    }
  }
}
