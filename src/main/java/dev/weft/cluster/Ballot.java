package dev.weft.cluster;

import java.util.Comparator;

/** The number of an attempt to decide, as in Paxos; no two nodes make the same. */
record Ballot(long round, String node) implements Comparable<Ballot> {
  private static final Comparator<Ballot> ORDER =
      Comparator.comparingLong(Ballot::round).thenComparing(Ballot::node);

  @Override
  public int compareTo(Ballot other) {
    return ORDER.compare(this, other);
  }

  /** Whether this one is later; any is later than none. */
  boolean after(Ballot other) {
    return other == null || compareTo(other) > 0;
  }
}
