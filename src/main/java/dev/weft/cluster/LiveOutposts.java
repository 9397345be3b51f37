package dev.weft.cluster;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Which outposts are live: those that a member says it is the home of. When that member is gone,
 * the outpost has a while to find another home. For the cluster thread.
 */
final class LiveOutposts {
  /** How long an outpost whose home is gone stays live; finding another takes it less than 10 s. */
  static final Duration GRACE = Duration.ofSeconds(20);

  /**
   * What a home writes of each of its outposts.
   *
   * @param epoch how often the home has started: after another start the claim is void
   */
  record Claim(String home, String outpost, long epoch) {}

  private record Pair(String home, String outpost) {}

  /** When each claim was last seen, in nanoseconds. */
  private final Map<Pair, Long> claims = new HashMap<>();

  /**
   * The outposts of each home.
   *
   * @param rows the claims of live members
   * @param member what is known of a member
   */
  static Map<String, Set<String>> homes(
      List<OwnedTable.Row> rows, Function<String, Optional<Member>> member) {
    Map<String, Set<String>> homes = new HashMap<>();
    for (OwnedTable.Row row : rows) {
      row.read(Claim.class, Claim::home)
          .filter(
              claim -> member.apply(row.node()).filter(m -> m.epoch() != claim.epoch()).isEmpty())
          .ifPresent(
              claim ->
                  homes.computeIfAbsent(row.node(), n -> new HashSet<>()).add(claim.outpost()));
    }
    return homes;
  }

  /**
   * Reads the claims of all homes.
   *
   * @param homes the outposts of each live member
   * @param members whether a node is a live member
   * @return ids of the live outposts
   */
  Set<String> review(Map<String, Set<String>> homes, Set<String> members, long nowNanos) {
    homes.forEach(
        (home, outposts) ->
            outposts.forEach(outpost -> claims.put(new Pair(home, outpost), nowNanos)));
    claims
        .entrySet()
        .removeIf(
            claim ->
                claim.getValue() != nowNanos
                    && (members.contains(claim.getKey().home())
                        || nowNanos - claim.getValue() > GRACE.toNanos()));
    return claims.keySet().stream().map(Pair::outpost).collect(Collectors.toUnmodifiableSet());
  }
}
