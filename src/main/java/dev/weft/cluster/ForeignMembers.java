package dev.weft.cluster;

import com.hazelcast.cluster.Member;
import dev.weft.address.HostPort;
import dev.weft.telemetry.Health;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Shows in the health that the cluster has members who cannot prove that they belong to this mesh,
 * as when two nodes have certificates of two CAs.
 */
final class ForeignMembers {
  /** Hex digits of a fingerprint, as of a node's id. */
  private static final int SHOWN = 16;

  private final Health health;
  private final Supplier<Optional<String>> ca;
  private final Predicate<String> unverifiable;

  /** What is said of each, by address. */
  private volatile Map<HostPort, String> known = Map.of();

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
    Map<HostPort, String> texts = new HashMap<>();
    SortedMap<String, List<String>> byCa = new TreeMap<>();
    unknown.stream()
        .filter(m -> !caOf(m, mine).equals(mine) || unverifiable.test(LiveMembers.nodeOf(m)))
        .forEach(
            m -> {
              String name = name(m);
              byCa.computeIfAbsent(caOf(m, mine), ca -> new ArrayList<>()).add(name);
              texts.put(at(m), text(caOf(m, mine), List.of(name), mine));
            });
    known = texts;
    String foreign =
        byCa.entrySet().stream()
            .map(ca -> text(ca.getKey(), ca.getValue(), mine))
            .collect(Collectors.joining("; "));
    health.show(
        !foreign.isEmpty(),
        new Health.Warning(
            ClusterNode.ROOM,
            "foreign-member",
            foreign,
            "what such a node tells is ignored: no wire, route or network service reaches it, and"
                + " it does not count towards the quorum of leases",
            "if it belongs to this mesh, give it a certificate of the same CA (weft cert node); if"
                + " not, give it another cluster.name"));
  }

  /** What is said of a foreign member, by its address; empty if there is none. */
  Optional<String> at(HostPort address) {
    return Optional.ofNullable(known.get(address));
  }

  /** The fingerprint that a member says its CA has; the default for a member that says none. */
  private static String caOf(Member member, String otherwise) {
    return Objects.requireNonNullElse(
        member.getAttribute(HazelcastSettings.CA_ATTRIBUTE), otherwise);
  }

  private static String name(Member member) {
    return "node " + LiveMembers.nodeOf(member) + " at " + at(member);
  }

  private static HostPort at(Member member) {
    return new HostPort(member.getAddress().getHost(), member.getAddress().getPort());
  }

  /**
   * What is said of members with one CA.
   *
   * @param ca its fingerprint; where it is this node's, their certificates are not valid
   * @param members at least one
   * @param mine fingerprint of this node's CA
   */
  static String text(String ca, List<String> members, String mine) {
    return members.stream().sorted().collect(Collectors.joining(", "))
        + (members.size() == 1 ? " is in the cluster" : " are in the cluster")
        + (ca.equals(mine)
            ? " without a valid certificate of this mesh's CA, " + shown(ca)
            : " with a certificate of another CA, %s (expected: this mesh's, %s)"
                .formatted(shown(ca), shown(mine)));
  }

  /** As much of a fingerprint as a person compares. */
  private static String shown(String fingerprint) {
    return fingerprint.isEmpty()
        ? "none"
        : fingerprint.substring(0, Math.min(SHOWN, fingerprint.length()));
  }
}
