package dev.weft.nsm.endpoint;

import dev.weft.bus.Fault;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.connection.RequestedInterface;
import dev.weft.nsm.proto.InterfacePreference;
import dev.weft.nsm.proto.InterfaceType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** Plans which endpoints to try for a client, best first. */
public final class CandidatePlanner {
  /** The interface types that a node can build. */
  private static final Set<InterfaceType> BUILT =
      Set.of(InterfaceType.DEFAULT_INTERFACE, InterfaceType.KERNEL_INTERFACE);

  private final String self;
  private final ToIntFunction<Endpoint> load;

  /**
   * @param self this node's id: its own endpoints come before others'
   * @param load connections that an endpoint has, as far as this node knows
   */
  public CandidatePlanner(String self, ToIntFunction<Endpoint> load) {
    this.self = self;
    this.load = load;
  }

  /**
   * An endpoint, and the interface that it would be connected by.
   *
   * @param rank of the agreed type among the types that the client asked for; 0 is the first
   */
  public record Candidate(Endpoint endpoint, RequestedInterface agreed, int rank) {}

  /**
   * The candidates, best first; at least one.
   *
   * @throws dev.weft.bus.WeftException PRECONDITION if no endpoint has a type in common with the
   *     client, or none that can be built
   */
  public List<Candidate> plan(List<RequestedInterface> asked, List<Endpoint> endpoints) {
    List<RequestedInterface> wanted = inOrder(asked);
    List<Endpoint> willing =
        endpoints.stream().filter(e -> wanted.stream().anyMatch(w -> e.offers(w.type()))).toList();
    if (willing.isEmpty()) {
      throw Fault.PRECONDITION.because(
          "no interface type in common: asked %s; offered %s"
              .formatted(
                  names(wanted.stream().map(RequestedInterface::type).toList()),
                  endpoints.stream()
                      .map(e -> names(e.interfaces()) + " by " + e.name())
                      .collect(Collectors.joining(", "))));
    }
    List<Candidate> candidates = new ArrayList<>();
    willing.forEach(e -> best(wanted, e).ifPresent(candidates::add));
    if (candidates.isEmpty()) {
      throw Fault.PRECONDITION.because(
          "interface: "
              + names(wanted.stream().map(RequestedInterface::type).toList())
              + " (expected: KERNEL_INTERFACE or DEFAULT_INTERFACE, which is what nodes build)");
    }
    candidates.sort(
        Comparator.comparing((Candidate c) -> c.endpoint().silent())
            .thenComparingInt(Candidate::rank)
            .thenComparing(c -> !c.endpoint().node().equals(self))
            .thenComparing(c -> Externals.provides(c.endpoint()))
            .thenComparingInt(c -> load.applyAsInt(c.endpoint()))
            .thenComparing(c -> c.endpoint().node())
            .thenComparing(c -> c.endpoint().key()));
    return candidates;
  }

  private static Optional<Candidate> best(List<RequestedInterface> wanted, Endpoint endpoint) {
    for (int rank = 0; rank < wanted.size(); rank++) {
      RequestedInterface want = wanted.get(rank);
      if (BUILT.contains(want.type()) && endpoint.offers(want.type())) {
        RequestedInterface agreed =
            new RequestedInterface(InterfaceType.KERNEL_INTERFACE, want.preference());
        return Optional.of(new Candidate(endpoint, agreed, rank));
      }
    }
    return Optional.empty();
  }

  /** FIRST to FIFTH, then those without preference as they were written. */
  public static List<RequestedInterface> inOrder(List<RequestedInterface> asked) {
    if (asked.isEmpty()) {
      return List.of(RequestedInterface.DEFAULT);
    }
    return asked.stream()
        .sorted(
            Comparator.comparingInt(
                want ->
                    want.preference() == InterfacePreference.NO_PREFERENCE
                        ? Integer.MAX_VALUE
                        : want.preference().getNumber()))
        .toList();
  }

  private static String names(List<InterfaceType> types) {
    return types.isEmpty()
        ? InterfaceType.DEFAULT_INTERFACE.name()
        : types.stream().map(Enum::name).collect(Collectors.joining(", "));
  }
}
