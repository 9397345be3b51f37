package dev.weft.reach.stun;

import dev.weft.reach.NatBehaviour.Lifetime;
import dev.weft.reach.NatBehaviour.Verdict;
import dev.weft.reach.ProbeSocket;
import dev.weft.reach.Timers;
import dev.weft.reach.stun.NatFindings.Sighting;
import dev.weft.reach.stun.StunClient.Question;
import dev.weft.reach.stun.StunClient.Source;
import dev.weft.reach.stun.StunResult.Answered;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Measures how long a mapping stands, RFC 5780 section 4.6: a socket for each time makes a mapping
 * and keeps silent for so long; then the node's port has the server answer to that mapping. For one
 * event loop.
 */
final class LifetimeProbe {
  /** The keepalive interval is a third, up to that of 45 s; the others are for people. */
  static final List<Duration> SILENCES =
      List.of(9, 12, 15, 22, 30, 45, 60, 120).stream().map(Duration::ofSeconds).toList();

  private final StunClient client;
  private final StunSockets sockets;
  private final Timers timers;
  private final Map<Duration, Verdict> stood = new TreeMap<>();

  LifetimeProbe(StunClient client, StunSockets sockets, Timers timers) {
    this.client = client;
    this.sockets = sockets;
    this.timers = timers;
  }

  /**
   * Takes a little longer than the longest silence. Never fails.
   *
   * @param by a server, with the address at which it sees the node's port
   * @param found what is known so far, whenever that is more
   */
  Future<Void> run(Sighting by, Consumer<Lifetime> found) {
    List<Future<Void>> all =
        SILENCES.stream()
            .map(
                silence ->
                    sockets
                        .open()
                        .compose(
                            socket -> probe(by, socket, silence).onComplete(done -> socket.close()))
                        .otherwise(Verdict.UNKNOWN)
                        .<Void>map(
                            verdict -> {
                              stood.put(silence, verdict);
                              found.accept(lifetime());
                              return null;
                            }))
            .toList();
    return Future.all(all).mapEmpty();
  }

  private Lifetime lifetime() {
    // A mapping that stood is a proof; a shorter one that seemed gone was something else.
    Optional<Duration> alive =
        SILENCES.stream()
            .filter(silence -> stood.get(silence) == Verdict.YES)
            .reduce((shorter, longer) -> longer);
    Optional<Duration> expired =
        SILENCES.stream()
            .filter(silence -> stood.get(silence) == Verdict.NO)
            .filter(silence -> alive.filter(longest -> longest.compareTo(silence) > 0).isEmpty())
            .findFirst();
    return new Lifetime(alive, expired);
  }

  /** Whether a mapping of this socket stands after a silence. */
  private Future<Verdict> probe(Sighting by, ProbeSocket socket, Duration silence) {
    return client
        .ask(Question.plain(socket, by.server()), Retransmission.PROBE)
        .compose(
            result -> {
              // The server answers to the address from which it is asked.
              boolean sameAddress =
                  result instanceof Answered answer
                      && answer.mapped().getAddress().equals(by.mapped().getAddress());
              return sameAddress
                  ? after(silence)
                      .compose(v -> isThere(by, socket, ((Answered) result).mapped().getPort()))
                  : Future.succeededFuture(Verdict.UNKNOWN);
            });
  }

  private Future<Void> after(Duration silence) {
    Promise<Void> over = Promise.promise();
    timers.after(silence.toNanos(), over::complete);
    return over.future();
  }

  private Future<Verdict> isThere(Sighting by, ProbeSocket socket, int port) {
    List<StunAttribute> there = List.of(new StunAttribute.Port(StunAttribute.RESPONSE_PORT, port));
    return client
        .ask(
            new Question(sockets.first(), socket, by.server(), Source.SERVER, there),
            Retransmission.PROBE)
        .compose(
            result ->
                switch (name(result)) {
                  case YES -> Future.succeededFuture(Verdict.YES);
                  case UNKNOWN -> Future.succeededFuture(Verdict.UNKNOWN);
                  case NO -> isServerThere(by);
                });
  }

  private static Verdict name(StunResult result) {
    return result instanceof Answered
        ? Verdict.YES
        : result instanceof StunResult.Silent ? Verdict.NO : Verdict.UNKNOWN;
  }

  /** Silence means that the mapping is gone only if it is not the server that is. */
  private Future<Verdict> isServerThere(Sighting by) {
    return client
        .ask(Question.plain(sockets.first(), by.server()), Retransmission.PROBE)
        .map(result -> result instanceof Answered ? Verdict.NO : Verdict.UNKNOWN);
  }
}
