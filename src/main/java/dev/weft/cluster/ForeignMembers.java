package dev.weft.cluster;

import com.hazelcast.cluster.Member;
import dev.weft.telemetry.Health;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Shows in the health that the cluster has members who cannot prove that they belong to this mesh,
 * as when two nodes have certificates of two CAs.
 */
final class ForeignMembers {
  private final Health health;
  private final Supplier<Optional<String>> ca;
  private final Predicate<String> unverifiable;

  /**
   * @param ca fingerprint of this node's CA
   * @param unverifiable whether the cluster's table has a record of this node that does not verify
   */
  ForeignMembers(Health health, Supplier<Optional<String>> ca, Predicate<String> unverifiable) {
    this.health = health;
    this.ca = ca;
    this.unverifiable = unverifiable;
  }

  /**
   * Says which of the members are foreign; the others have only not told who they are yet.
   *
   * @param unknown members without a verified record
   */
  void review(List<Member> unknown) {
    String mine = ca.get().orElse("");
    String foreign =
        unknown.stream()
            .filter(m -> !caOf(m, mine).equals(mine) || unverifiable.test(LiveMembers.nodeOf(m)))
            .map(m -> describe(m, mine))
            .sorted()
            .collect(Collectors.joining("; "));
    health.show(
        !foreign.isEmpty(),
        new Health.Warning(
            ClusterNode.ROOM,
            "foreign-member",
            foreign,
            "its records are ignored: no wire, route or network service reaches it, and it does not"
                + " count towards the quorum of leases",
            "if it belongs to this mesh, give it a certificate of the same CA (weft cert node); if"
                + " not, give it another cluster.name"));
  }

  /** The fingerprint that a member says its CA has; the default for a member that says none. */
  private static String caOf(Member member, String otherwise) {
    return Objects.requireNonNullElse(
        member.getAttribute(HazelcastSettings.CA_ATTRIBUTE), otherwise);
  }

  private static String describe(Member member, String mine) {
    return "node "
        + LiveMembers.nodeOf(member)
        + " at "
        + member.getAddress().getHost()
        + ":"
        + member.getAddress().getPort()
        + " is in the cluster and is not proven by this mesh's CA (its CA: "
        + shown(caOf(member, "unknown"))
        + ", this node's: "
        + shown(mine)
        + ")";
  }

  private static String shown(String fingerprint) {
    return fingerprint.isEmpty() ? "none" : fingerprint;
  }
}
