package dev.weft.reach.stun;

import dev.weft.reach.NatBehaviour;
import dev.weft.reach.NatBehaviour.Dependence;
import dev.weft.reach.NatBehaviour.Verdict;
import dev.weft.reach.ProbeSocket;
import dev.weft.reach.stun.NatFindings.Sighting;
import dev.weft.reach.stun.StunClient.Question;
import dev.weft.reach.stun.StunClient.Source;
import io.vertx.core.Future;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Finds out where others see this node and how its NAT behaves, RFC 5780 section 4, except for the
 * lifetime of mappings ({@link LifetimeProbe}). For one event loop.
 *
 * <p>Silence proves something only if the same answer gets through once the NAT has been opened for
 * it; else it is unknown whether it was sent at all.
 */
final class NatDiscovery {
  /** Servers that are asked at once. */
  static final int MOST_SERVERS = 8;

  private final StunClient client;
  private final StunSockets sockets;

  NatDiscovery(StunClient client, StunSockets sockets) {
    this.client = client;
    this.sockets = sockets;
  }

  /**
   * Asks servers; takes up to 20 s where much is filtered. Never fails.
   *
   * @param own whether an address is one of this host's
   * @param seen what servers see, as soon as they answer
   */
  Future<NatFindings> discover(
      List<InetSocketAddress> servers, Predicate<InetAddress> own, Consumer<Sighting> seen) {
    List<InetSocketAddress> asked = servers.stream().distinct().limit(MOST_SERVERS).toList();
    return sightings(asked, seen)
        .compose(
            all -> {
              List<Sighting> v4 = ofIpv4(all);
              Dependence verdict = MappingVerdict.of(v4, own);
              Optional<Sighting> helper = helper(v4, own);
              return helper
                  .map(by -> behaviour(asked, all, verdict, by))
                  .orElseGet(() -> Future.succeededFuture(unaided(asked, all, verdict)))
                  .map(behaviour -> new NatFindings(asked, all, behaviour));
            });
  }

  /** Where the servers see the node's port; those that are silent are left out. */
  Future<List<Sighting>> sightings(List<InetSocketAddress> servers, Consumer<Sighting> seen) {
    List<Future<Optional<Sighting>>> all =
        servers.stream()
            .map(
                server ->
                    client
                        .ask(Question.plain(sockets.first(), server), Retransmission.PROBE)
                        .map(result -> sighting(server, result))
                        .onSuccess(sighting -> sighting.ifPresent(seen)))
            .toList();
    return Future.all(all)
        .map(done -> all.stream().map(Future::result).flatMap(Optional::stream).toList());
  }

  private static Optional<Sighting> sighting(InetSocketAddress server, StunResult result) {
    return result instanceof StunResult.Answered answer
        ? Optional.of(new Sighting(server, answer.mapped(), answer.message()))
        : Optional.empty();
  }

  static List<Sighting> ofIpv4(List<Sighting> sightings) {
    return sightings.stream().filter(s -> isV4(s.server())).toList();
  }

  private static boolean isV4(InetSocketAddress at) {
    return at.getAddress() instanceof Inet4Address;
  }

  /** The server that helps most, on the other side of the NAT if there is one. */
  static Optional<Sighting> helper(List<Sighting> v4, Predicate<InetAddress> own) {
    Function<Sighting, Integer> use =
        s ->
            (own.test(s.mapped().getAddress()) ? 0 : 4)
                + (secondPort(s).isPresent() ? 2 : 0)
                + (s.answer().address(StunAttribute.Place.OTHER).isPresent() ? 1 : 0);
    return v4.stream().max((a, b) -> Integer.compare(use.apply(a), use.apply(b)));
  }

  private static NatBehaviour unaided(
      List<InetSocketAddress> asked, List<Sighting> seen, Dependence verdict) {
    return new NatBehaviour(
        verdict(asked, seen),
        ipv6(asked, seen),
        verdict,
        Dependence.UNKNOWN,
        Verdict.UNKNOWN,
        NatBehaviour.Lifetime.UNKNOWN);
  }

  private static Verdict verdict(List<InetSocketAddress> asked, List<Sighting> seen) {
    return !seen.isEmpty() ? Verdict.YES : asked.isEmpty() ? Verdict.UNKNOWN : Verdict.NO;
  }

  private static Verdict ipv6(List<InetSocketAddress> asked, List<Sighting> seen) {
    return verdict(
        asked.stream().filter(at -> !isV4(at)).toList(),
        seen.stream().filter(s -> !isV4(s.server())).toList());
  }

  private Future<NatBehaviour> behaviour(
      List<InetSocketAddress> asked, List<Sighting> seen, Dependence verdict, Sighting by) {
    return mapping(verdict, by)
        .compose(
            mapping -> {
              boolean symmetric =
                  mapping == Dependence.ADDRESS_DEPENDENT
                      || mapping == Dependence.ADDRESS_AND_PORT_DEPENDENT;
              Future<Dependence> filtering = filtering(by, symmetric);
              Future<Verdict> hairpin =
                  symmetric || mapping == Dependence.NO_NAT
                      ? Future.succeededFuture(Verdict.UNKNOWN)
                      : hairpin(by);
              return Future.all(filtering, hairpin)
                  .map(
                      done ->
                          new NatBehaviour(
                              Verdict.YES,
                              ipv6(asked, seen),
                              mapping,
                              filtering.result(),
                              hairpin.result(),
                              NatBehaviour.Lifetime.UNKNOWN));
            });
  }

  /** Another port of a server whose first port is known. */
  private static Optional<InetSocketAddress> secondPort(Sighting by) {
    OptionalInt own = by.answer().port(StunAttribute.SECOND_PORT);
    Optional<Integer> port =
        own.isPresent()
            ? Optional.of(own.getAsInt())
            : by.answer().address(StunAttribute.Place.OTHER).map(InetSocketAddress::getPort);
    return port.filter(p -> p != 0 && p != by.server().getPort())
        .map(p -> new InetSocketAddress(by.server().getAddress(), p));
  }

  /** Whether another port of the same host sees another port than its first one does. */
  private Future<Dependence> mapping(Dependence byHosts, Sighting by) {
    Optional<InetSocketAddress> second = secondPort(by);
    if (second.isEmpty()
        || byHosts == Dependence.NO_NAT
        || byHosts == Dependence.ENDPOINT_INDEPENDENT) {
      return Future.succeededFuture(byHosts);
    }
    return client
        .ask(Question.plain(sockets.first(), second.get()), Retransmission.PROBE)
        .map(
            result ->
                result instanceof StunResult.Answered answer && !answer.mapped().equals(by.mapped())
                    ? Dependence.ADDRESS_AND_PORT_DEPENDENT
                    : byHosts);
  }

  private Future<Dependence> filtering(Sighting by, boolean symmetric) {
    Optional<InetSocketAddress> otherHost = by.answer().address(StunAttribute.Place.OTHER);
    Future<Verdict> host = letIn(by.server(), Source.OTHER_HOST, otherHost, symmetric);
    Future<Verdict> port = letIn(by.server(), Source.OTHER_PORT, secondPort(by), symmetric);
    return Future.all(host, port).map(done -> filtering(host.result(), port.result()));
  }

  /**
   * Puts two verdicts together.
   *
   * @param host whether datagrams of hosts are let in that nothing was sent to
   * @param port whether those of other ports of a host are
   */
  private static Dependence filtering(Verdict host, Verdict port) {
    if (host == Verdict.YES) {
      return Dependence.ENDPOINT_INDEPENDENT;
    }
    if (port == Verdict.NO) {
      return Dependence.ADDRESS_AND_PORT_DEPENDENT;
    }
    return host == Verdict.NO && port == Verdict.YES
        ? Dependence.ADDRESS_DEPENDENT
        : Dependence.UNKNOWN;
  }

  /**
   * Whether an answer from elsewhere is let in.
   *
   * @param from where it should come from
   */
  private Future<Verdict> letIn(
      InetSocketAddress server,
      Source source,
      Optional<InetSocketAddress> from,
      boolean symmetric) {
    return withSocket(
            fresh -> client.ask(Question.change(fresh, server, source), Retransmission.PROBE))
        .compose(
            result -> {
              if (result instanceof StunResult.Answered) {
                return Future.succeededFuture(Verdict.YES);
              }
              boolean provable = result instanceof StunResult.Silent && from.isPresent();
              return provable
                  ? withSocket(opened -> isSent(opened, server, source, from.get(), symmetric))
                      .map(sent -> sent ? Verdict.NO : Verdict.UNKNOWN)
                  : Future.succeededFuture(Verdict.UNKNOWN);
            });
  }

  /**
   * Whether the answer arrives at a socket from which something was sent to where it comes from.
   */
  private Future<Boolean> isSent(
      ProbeSocket opened,
      InetSocketAddress server,
      Source source,
      InetSocketAddress from,
      boolean symmetric) {
    return client
        .ask(Question.plain(opened, from), Retransmission.PROBE)
        .compose(
            direct ->
                // A symmetric NAT has opened another port: that the other one answers is enough.
                symmetric || !(direct instanceof StunResult.Answered)
                    ? Future.succeededFuture(direct)
                    : client.ask(Question.change(opened, server, source), Retransmission.PROBE))
        .map(StunResult.Answered.class::isInstance);
  }

  /** Whether a second port reaches the first one by its public address. */
  private Future<Verdict> hairpin(Sighting by) {
    return withSocket(
            second ->
                client
                    .ask(Question.plain(second, by.server()), Retransmission.PROBE)
                    .compose(
                        result -> {
                          if (!(result instanceof StunResult.Answered answer)) {
                            return Future.succeededFuture(result);
                          }
                          open(answer.mapped());
                          return client.ask(
                              Question.plain(second, by.mapped()), Retransmission.PROBE);
                        }))
        .map(result -> result instanceof StunResult.Answered ? Verdict.YES : Verdict.NO)
        .otherwise(Verdict.UNKNOWN);
  }

  /** Lets datagrams from there in at the first port. */
  private void open(InetSocketAddress to) {
    sockets
        .first()
        .send(
            to,
            StunCodec.write(
                StunMessage.binding(
                    StunMessage.Kind.INDICATION, new TransactionId(0, 0), List.of())));
  }

  /** A socket for some questions. */
  private <T> Future<T> withSocket(Function<ProbeSocket, Future<T>> work) {
    return sockets.open().compose(socket -> work.apply(socket).onComplete(done -> socket.close()));
  }
}
