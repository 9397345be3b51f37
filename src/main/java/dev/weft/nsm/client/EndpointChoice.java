package dev.weft.nsm.client;

import dev.weft.bus.WeftException;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.PendingConnection;
import dev.weft.nsm.endpoint.CandidatePlanner;
import dev.weft.nsm.endpoint.EndpointFailures;
import dev.weft.nsm.endpoint.Negotiator;
import dev.weft.room.RoomThread;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Asks endpoints one after the other until one agrees, each within its share of the time. */
final class EndpointChoice {
  /** The least time that an endpoint has to answer. */
  private static final Duration MIN_SHARE = Duration.ofSeconds(2);

  private final Clock clock;
  private final RoomThread thread;
  private final EndpointFailures failures;
  private final Function<CandidatePlanner.Candidate, Negotiator> negotiators;
  private final UnaryOperator<String> names;

  /**
   * @param names of nodes by their ids
   */
  EndpointChoice(
      Clock clock,
      RoomThread thread,
      EndpointFailures failures,
      Function<CandidatePlanner.Candidate, Negotiator> negotiators,
      UnaryOperator<String> names) {
    this.clock = clock;
    this.thread = thread;
    this.failures = failures;
    this.negotiators = negotiators;
    this.names = names;
  }

  /**
   * The first candidate that agrees; its side of the connection stands then. Endpoints that failed
   * lately are asked last. {@link Refused} names every endpoint that was asked.
   *
   * @param candidates best first; at least one
   * @param end no further endpoint is asked then
   */
  Future<Connection> choose(
      PendingConnection pending, List<CandidatePlanner.Candidate> candidates, Instant end) {
    return choose(pending, new ArrayList<>(candidates), end, new ArrayList<>());
  }

  private Future<Connection> choose(
      PendingConnection pending,
      List<CandidatePlanner.Candidate> left,
      Instant end,
      List<String> refusals) {
    Duration time = Duration.between(clock.instant(), end);
    if (left.isEmpty() || (!refusals.isEmpty() && (time.isZero() || time.isNegative()))) {
      return Future.failedFuture(new Refused(text(refusals, left.size())));
    }
    CandidatePlanner.Candidate candidate = failures.next(left);
    Duration share = share(time, left.size());
    left.remove(candidate);
    failures.asked(candidate.endpoint());
    Future<Connection> agreed =
        Future.<Void>succeededFuture()
            .compose(v -> negotiators.apply(candidate).agree(pending, candidate));
    return thread
        .within(share, agreed)
        .onSuccess(c -> failures.succeeded(candidate.endpoint()))
        .recover(
            e -> {
              failures.failed(candidate.endpoint());
              refusals.add(
                  "endpoint %s on node %s: %s"
                      .formatted(
                          candidate.endpoint().name(),
                          names.apply(candidate.endpoint().node()),
                          WeftException.of(e).getMessage()));
              return choose(pending, left, end, refusals);
            });
  }

  /** The time that one of so many candidates has to answer. */
  private static Duration share(Duration time, int candidates) {
    Duration even = time.dividedBy(candidates);
    return even.compareTo(MIN_SHARE) < 0 ? MIN_SHARE : even;
  }

  private static String text(List<String> refusals, int unasked) {
    String asked = String.join("; ", refusals);
    return unasked == 0 ? asked : asked + "; no time was left to ask " + unasked + " more";
  }
}
