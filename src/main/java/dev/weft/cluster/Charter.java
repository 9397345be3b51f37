package dev.weft.cluster;

import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What has been decided: who votes, and who holds which name. A majority of a charter's voters
 * decides the one charter that follows it.
 *
 * @param lineage of one founding; charters of one lineage follow each other
 * @param generation rises when a charter is founded again because voters are gone for good
 * @param version rises by one with each step
 * @param voters {@link #voter}s
 * @param leases holders by name
 */
record Charter(
    String lineage,
    long generation,
    long version,
    SortedSet<String> voters,
    SortedMap<String, String> leases) {
  private static final Comparator<Charter> WEIGHT =
      Comparator.comparingLong(Charter::generation)
          .thenComparingInt(charter -> charter.leases.size() + charter.voters.size())
          .thenComparing(Charter::lineage);

  /** A voter is a node with one disk: with another disk it does not know what it has voted for. */
  static String voter(String node, String disk) {
    return node + "/" + disk;
  }

  static String nodeOf(String voter) {
    return voter.substring(0, voter.indexOf('/'));
  }

  static Charter founded(
      String lineage, long generation, long version, String voter, Map<String, String> leases) {
    return new Charter(
        lineage, generation, version, new TreeSet<>(Set.of(voter)), new TreeMap<>(leases));
  }

  int majority() {
    return voters.size() / 2 + 1;
  }

  /** Names the charter, so that a vote is for one that follows it. */
  String base() {
    return lineage + ":" + version;
  }

  Charter after(CharterStep step) {
    SortedSet<String> nextVoters = new TreeSet<>(voters);
    if (step.add() != null) {
      nextVoters.add(step.add());
    }
    if (step.remove() != null) {
      nextVoters.remove(step.remove());
    }
    SortedMap<String, String> nextLeases = new TreeMap<>(leases);
    for (LeaseWish wish : step.wishes()) {
      if (wish.applies(nextLeases)) {
        if (wish.holder() == null) {
          nextLeases.remove(wish.key());
        } else {
          nextLeases.put(wish.key(), wish.holder());
        }
      }
    }
    return new Charter(lineage, generation, version + 1, nextVoters, nextLeases);
  }

  /**
   * Whether a node that knows both goes by this one: the later one of a lineage; of two lineages,
   * which two clusters had before they became one, the weightier.
   */
  boolean beats(Charter other) {
    if (other == null) {
      return true;
    }
    return lineage.equals(other.lineage)
        ? version > other.version
        : WEIGHT.compare(this, other) > 0;
  }
}
