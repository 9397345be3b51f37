package dev.weft.cluster;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which outposts are live: those that a member says it is the home of. When that member is gone,
 * the outpost has a while to find another home. For the cluster thread.
 */
final class LiveOutposts {
  /** How long an outpost whose home is gone stays live; finding another takes it less than 10 s. */
  static final Duration GRACE = Duration.ofSeconds(20);

  private record Claim(String home, String outpost) {}

  /** When each claim was last seen, in nanoseconds. */
  private final Map<Claim, Long> claims = new HashMap<>();

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
            outposts.forEach(outpost -> claims.put(new Claim(home, outpost), nowNanos)));
    claims
        .entrySet()
        .removeIf(
            claim ->
                claim.getValue() != nowNanos
                    && (members.contains(claim.getKey().home())
                        || nowNanos - claim.getValue() > GRACE.toNanos()));
    return claims.keySet().stream().map(Claim::outpost).collect(Collectors.toUnmodifiableSet());
  }
}
