package dev.weft.cluster;

/** How many members a cluster is founded by: a majority of these has to be there. */
final class Quorum {
  private final int configured;
  private final int known;
  private int largest;

  /**
   * @param configured {@code cluster.size}, 0 if it is not set
   * @param known the members that the configuration names, this node among them
   * @param largest the largest number of members that this node ever saw
   */
  Quorum(int configured, int known, int largest) {
    this.configured = configured;
    this.known = known;
    this.largest = largest;
  }

  /** Notes how many members have proved themselves now. */
  synchronized void sees(int members) {
    largest = Math.max(largest, members);
  }

  synchronized int largest() {
    return largest;
  }

  synchronized int founders() {
    return configured > 0 ? configured : Math.max(known, largest);
  }

  /** {@code cluster.size}, 0 if it is not set. */
  int configured() {
    return configured;
  }
}
