package dev.weft.nsm.endpoint;

import dev.weft.nsm.Endpoint;
import dev.weft.nsm.connection.Connection;
import dev.weft.room.Backoff;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Remembers for a while which endpoints failed, so that they are asked after all others: once, the
 * one that failed longest ago first. When the while is over one request tries it in its place
 * again, and others only after that succeeded. For one event loop.
 */
public final class EndpointFailures {
  private static final Duration FIRST = Duration.ofSeconds(5);
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final int MAX_KEPT = 4096;

  private final Clock clock;
  private final RandomGenerator random;

  /** The latest at the end; the oldest goes where there are too many. */
  private final Map<Key, Failed> failed = new LinkedHashMap<>();

  private record Key(String node, String namespace, String provider, String service) {
    static Key of(Endpoint e) {
      return new Key(e.node(), e.namespace(), e.provider(), e.service());
    }

    static Key of(Connection c) {
      return new Key(
          c.endpoint().node(), c.endpoint().namespace(), c.endpoint().provider(), c.service());
    }
  }

  /**
   * An endpoint that failed.
   *
   * @param at when it did
   * @param pause how long that is remembered
   * @param until the end of that
   */
  private record Failed(Backoff backoff, Instant at, Duration pause, Instant until) {}

  public EndpointFailures(Clock clock, RandomGenerator random) {
    this.clock = clock;
    this.random = random;
  }

  /** Which of the candidates, best first, is to be asked next. */
  public CandidatePlanner.Candidate next(List<CandidatePlanner.Candidate> candidates) {
    return candidates.stream()
        .filter(c -> failedAt(c).equals(Instant.MIN))
        .findFirst()
        .orElseGet(
            () -> candidates.stream().min(Comparator.comparing(this::failedAt)).orElseThrow());
  }

  /** When it failed, if that is to be remembered now. */
  private Instant failedAt(CandidatePlanner.Candidate candidate) {
    Failed known = failed.get(Key.of(candidate.endpoint()));
    return known == null || !known.until().isAfter(clock.instant()) ? Instant.MIN : known.at();
  }

  /** It is being asked: others do not take it for good until it answered. */
  public void asked(Endpoint endpoint) {
    failed.computeIfPresent(
        Key.of(endpoint),
        (key, f) -> new Failed(f.backoff(), f.at(), f.pause(), clock.instant().plus(f.pause())));
  }

  public void succeeded(Endpoint endpoint) {
    failed.remove(Key.of(endpoint));
  }

  public void failed(Endpoint endpoint) {
    failed(Key.of(endpoint));
  }

  /** The endpoint of a connection that could not be joined. */
  public void failed(Connection c) {
    failed(Key.of(c));
  }

  private void failed(Key key) {
    Failed before = failed.remove(key);
    Backoff backoff = before == null ? new Backoff(FIRST, LONGEST, random) : before.backoff();
    Duration pause = backoff.failed();
    Instant now = clock.instant();
    failed.put(key, new Failed(backoff, now, pause, now.plus(pause)));
    if (failed.size() > MAX_KEPT) {
      failed.remove(failed.keySet().iterator().next());
    }
  }
}
