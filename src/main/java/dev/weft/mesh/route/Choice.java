package dev.weft.mesh.route;

/** The path that this node takes to a destination, or could take. */
final class Choice<L> {
  private final Adjacency<L> over;
  private final Offer offer;
  private final long rttMicros;
  private RouteAnnouncement announcement;

  Choice(Adjacency<L> over, Offer offer) {
    this.over = over;
    this.offer = offer;
    this.rttMicros = Metric.sum(over.rttMicros(), offer.rttMicros());
  }

  /** This path as it is now; null if it is gone. */
  Choice<L> now() {
    Offer offered = over.to(offer.destination());
    if (offered == null || !offered.samePath(offer)) {
      return null;
    }
    Choice<L> now = new Choice<>(over, offered);
    return now.rttMicros == rttMicros ? this : now;
  }

  boolean betterThan(Choice<L> other) {
    if (rttMicros != other.rttMicros) {
      return rttMicros < other.rttMicros;
    }
    int path = offer.comparePath(other.offer);
    return path == 0 ? over.number() < other.over.number() : path < 0;
  }

  /**
   * Whether this path is better by so much that frames should move to it. Noise must not move them;
   * but a path with fewer hops is not left to others for the sake of less than noise: between nodes
   * of one room every difference is. Each move lowers (RTT, hops), so there is no going round.
   */
  boolean worthLeaving(Choice<L> present) {
    return Metric.clearlyLess(rttMicros, present.rttMicros)
        || (offer.shorterThan(present.offer) && rttMicros <= present.rttMicros);
  }

  RouteAnnouncement announcement(long self) {
    if (announcement == null) {
      announcement = offer.announcedBy(self, rttMicros);
    }
    return announcement;
  }

  Adjacency<L> over() {
    return over;
  }

  long destination() {
    return offer.destination();
  }

  boolean passes(long node) {
    return offer.passes(node);
  }

  Path<L> path() {
    return new Path<>(offer.destination(), over.link(), offer.hops(), rttMicros);
  }
}
