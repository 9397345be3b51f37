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
    this.rttMicros = over.rttBy(offer);
  }

  /** This path as it is now; null if it is gone. */
  Choice<L> now() {
    Offer offered = over.to(offer.destination());
    if (offered == null || (offered != offer && !offered.samePath(offer))) {
      return null;
    }
    return over.rttBy(offered) == rttMicros ? this : new Choice<>(over, offered);
  }

  /** Whether the other path is to be preferred to this one. */
  boolean beatenBy(Adjacency<L> otherOver, Offer other, long otherRtt) {
    long beside = other.beside(offer, otherRtt);
    if (rttMicros != beside) {
      return beside < rttMicros;
    }
    int path = other.comparePath(offer);
    return path == 0 ? otherOver.number() < over.number() : path < 0;
  }

  /**
   * Whether the other path is better by so much that frames should move to it from this one. Noise
   * must not move them; but a path with fewer hops is not left alone for the sake of less than
   * noise: between nodes of one room every difference is. Each move lowers (RTT and what the nodes
   * on the way count for, hops), so there is no going round.
   */
  boolean leftFor(Offer other, long otherRtt) {
    long beside = other.beside(offer, otherRtt);
    return Metric.clearlyLess(beside, rttMicros)
        || (beside <= rttMicros && other.shorterThan(offer));
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
