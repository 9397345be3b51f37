package dev.weft.mesh.route;

import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;

/** A link that is up: how far its other end is, what that end offers, and what it was told. */
final class Adjacency<L> {
  private final L link;
  private final long peer;
  private final int number;
  private final Announcer announcer;
  private Offer itself;
  private Offers offers = Offers.NONE;
  private long rttMicros = RouteAnnouncement.UNKNOWN;
  private long measuredMicros = RouteAnnouncement.UNKNOWN;

  /**
   * @param number later links have higher ones
   */
  Adjacency(L link, long peer, int number, long now) {
    this.link = link;
    this.peer = peer;
    this.number = number;
    this.itself = Offer.of(peer);
    this.announcer = new Announcer(now);
  }

  L link() {
    return link;
  }

  long peer() {
    return peer;
  }

  int number() {
    return number;
  }

  Announcer announcer() {
    return announcer;
  }

  /** What this link offers for the destination; null for nothing. */
  Offer to(long destination) {
    return destination == peer ? itself : offers.to(destination);
  }

  void destinations(LongConsumer each) {
    each.accept(peer);
    offers.destinations(each);
  }

  /**
   * Takes the place of all that the peer offered before.
   *
   * @param changed gets the destinations whose offer is not what it was
   * @return how many of the announced were left out
   */
  int offered(
      List<RouteAnnouncement> all, long self, LongPredicate admitted, LongConsumer changed) {
    Offers before = offers;
    offers = before.next(all, peer, self, admitted);
    offers.changes(before, changed);
    return all.size() - offers.size();
  }

  /** The RTT by which a path over this link is compared, microseconds. */
  long rttBy(Offer offer) {
    return Metric.sum(rttMicros, offer.rttMicros());
  }

  /** Whether the RTT is clearly another one than that by which paths are compared. */
  boolean measured(long micros) {
    measuredMicros = micros;
    return Metric.clearlyDiffer(rttMicros, micros);
  }

  /** From now on paths are compared by the RTT that was measured last; false if it is the same. */
  boolean adoptMeasured() {
    boolean moved = rttMicros != measuredMicros;
    rttMicros = measuredMicros;
    return moved;
  }

  /** The link is down: it offers nothing. */
  void end() {
    itself = null;
    offers = Offers.NONE;
  }
}
