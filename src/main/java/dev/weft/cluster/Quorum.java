package dev.weft.cluster;

import java.util.Optional;

/** How many members must be there before a lease is given: a majority of all. */
final class Quorum {
  private final int configured;
  private final int known;
  private int largest;
  private int present;

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

  /** Notes how many members have proved themselves now; returns whether they are enough. */
  synchronized boolean sees(int members) {
    present = members;
    largest = Math.max(largest, members);
    return members >= needed();
  }

  synchronized boolean isEnough(int members) {
    return members >= needed();
  }

  synchronized int largest() {
    return largest;
  }

  synchronized Optional<String> refusal() {
    return present >= needed()
        ? Optional.empty()
        : Optional.of(
            "members: %s (expected: at least %s of %s before a lease is given; see cluster.size)"
                .formatted(present, needed(), expected()));
  }

  private int needed() {
    return expected() / 2 + 1;
  }

  private int expected() {
    return configured > 0 ? configured : Math.max(known, largest);
  }
}
