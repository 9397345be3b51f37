package dev.weft.reach.stun;

import static java.util.stream.Collectors.groupingBy;

import dev.weft.reach.NatBehaviour.Dependence;
import dev.weft.reach.stun.NatFindings.Sighting;
import java.net.InetAddress;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * On what the port depends that servers see, as far as their answers tell. Servers that see
 * different addresses are compared only with those that see the same one: between them and this
 * node may be different NATs.
 */
final class MappingVerdict {
  private MappingVerdict() {}

  /**
   * Compares sightings of one family. What depends on the address may depend on the port as well:
   * that takes one more question.
   *
   * @param own whether an address is one of this host's
   */
  static Dependence of(List<Sighting> sightings, Predicate<InetAddress> own) {
    List<Sighting> outside =
        sightings.stream().filter(s -> !own.test(s.mapped().getAddress())).toList();
    if (outside.isEmpty()) {
      return sightings.isEmpty() ? Dependence.UNKNOWN : Dependence.NO_NAT;
    }
    List<Optional<Boolean>> agreements =
        outside.stream().collect(groupingBy(s -> s.mapped().getAddress())).values().stream()
            .map(MappingVerdict::agree)
            .toList();
    return agreements.contains(Optional.of(false))
        ? Dependence.ADDRESS_DEPENDENT
        : agreements.contains(Optional.of(true))
            ? Dependence.ENDPOINT_INDEPENDENT
            : Dependence.UNKNOWN;
  }

  /** Whether hosts that see the same address see the same port; empty for one host. */
  private static Optional<Boolean> agree(Collection<Sighting> sameAddress) {
    long hosts = sameAddress.stream().map(s -> s.server().getAddress()).distinct().count();
    long ports = sameAddress.stream().map(s -> s.mapped().getPort()).distinct().count();
    return hosts < 2 ? Optional.empty() : Optional.of(ports == 1);
  }
}
