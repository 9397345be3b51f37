package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.cluster.Leases.Lease;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which of several ranges leases are taken of, when members differ in {@code subnets.cidr} or
 * {@code subnets.prefix}: that of most members that have a subnet of it, then that of most members,
 * then that of the member with the lowest id. All who know the same decide alike, so two members
 * never take parts of two ranges at the same time. Pure.
 */
final class RangeAgreement {
  private RangeAgreement() {}

  /** A range as a member is configured for it. */
  private record Range(String cidr, String prefix) {
    static Optional<Range> of(Map<String, String> settings) {
      String cidr = settings.get("subnets.cidr");
      String prefix = settings.get("subnets.prefix");
      return cidr == null || prefix == null
          ? Optional.empty()
          : Optional.of(new Range(cidr, prefix));
    }

    boolean hasPart(String key) {
      return Cidr.find(cidr)
          .flatMap(
              range ->
                  Cidr.find(key)
                      .filter(part -> range.contains(part))
                      .filter(part -> Integer.toString(part.prefixLength()).equals(prefix)))
          .isPresent();
    }

    @Override
    public String toString() {
      return cidr + " with prefix " + prefix;
    }
  }

  /**
   * Why a member gets no part of its range.
   *
   * @param settings of the live members, by node id
   * @return empty if its range is the one, or is not known
   */
  static Optional<String> refusal(
      String self, Map<String, Map<String, String>> settings, List<Lease> leases) {
    Map<String, Range> ranges = new HashMap<>();
    settings.forEach((node, its) -> Range.of(its).ifPresent(range -> ranges.put(node, range)));
    Range own = ranges.get(self);
    Set<Range> all = new HashSet<>(ranges.values());
    if (own == null || all.size() < 2) {
      return Optional.empty();
    }
    Range chosen =
        all.stream()
            .max(
                Comparator.comparingLong((Range r) -> leased(r, ranges, leases))
                    .thenComparingLong(r -> members(r, ranges).count())
                    .thenComparing(
                        r -> members(r, ranges).min(Comparator.naturalOrder()).orElseThrow(),
                        Comparator.reverseOrder()))
            .orElseThrow();
    return chosen.equals(own)
        ? Optional.empty()
        : Optional.of(
            "subnets.cidr: %s here, %s on most members (expected: the same on all members)"
                .formatted(own, chosen));
  }

  private static Stream<String> members(Range range, Map<String, Range> ranges) {
    return ranges.entrySet().stream()
        .filter(member -> member.getValue().equals(range))
        .map(Map.Entry::getKey);
  }

  private static long leased(Range range, Map<String, Range> ranges, List<Lease> leases) {
    Set<String> holders = new HashSet<>();
    leases.stream()
        .filter(lease -> range.equals(ranges.get(lease.holder())) && range.hasPart(lease.key()))
        .forEach(lease -> holders.add(lease.holder()));
    return holders.size();
  }
}
