package dev.weft.nsm.client;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.connection.ClientPod;
import dev.weft.nsm.connection.ClientRouting;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionAddresses;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.ConnectionLife.Phase;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.KernelLinks;
import dev.weft.nsm.connection.Mechanisms;
import dev.weft.nsm.connection.Names;
import dev.weft.nsm.connection.NamespaceCache;
import dev.weft.nsm.connection.PendingConnection;
import dev.weft.nsm.connection.RequestedInterface;
import dev.weft.nsm.endpoint.CandidatePlanner;
import dev.weft.nsm.endpoint.EndpointFailures;
import dev.weft.nsm.endpoint.Endpoints;
import dev.weft.nsm.endpoint.LocalNegotiator;
import dev.weft.nsm.peer.Halves;
import dev.weft.nsm.peer.RemoteNegotiator;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import io.vertx.core.Future;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/** Finds endpoints for clients of this node and joins them: for new connections, and to heal. */
public final class Connector {
  /** The time of a request for endpoints to answer in; its interface takes up to as long again. */
  private static final Duration REQUEST = Duration.ofSeconds(15);

  private static final int MAX_PER_POD = 4096;

  /** Prefixes proposed to an endpoint, while there are plenty. */
  private static final int PROPOSALS = 4;

  private final RoomContext room;
  private final Endpoints endpoints;
  private final Connections connections;
  private final NamespaceCache namespaces;
  private final Mechanisms mechanisms;
  private final Halves halves;
  private final CandidatePlanner planner;
  private final EndpointFailures failures;
  private final EndpointChoice choice;
  private final RandomGenerator random = new SecureRandom();

  public Connector(
      RoomContext room,
      RoomThread thread,
      Endpoints endpoints,
      Connections connections,
      NamespaceCache namespaces,
      Mechanisms mechanisms,
      LocalNegotiator local,
      RemoteNegotiator remote,
      Halves halves) {
    this.room = room;
    this.endpoints = endpoints;
    this.connections = connections;
    this.namespaces = namespaces;
    this.mechanisms = mechanisms;
    this.halves = halves;
    this.planner = new CandidatePlanner(room.self(), connections::loadOf);
    this.failures = new EndpointFailures(room.clock(), random);
    this.choice =
        new EndpointChoice(
            room.clock(),
            thread,
            failures,
            c -> c.endpoint().node().equals(room.self()) ? local : remote,
            room.cluster()::name);
  }

  /**
   * A new connection. NOT_FOUND if nobody advertises the service, PRECONDITION without a common
   * interface type, {@link Refused} if no endpoint could be had.
   */
  Future<ConnectionEntry> connect(ServiceRequest request) {
    ClientPod pod = request.pod();
    List<CandidatePlanner.Candidate> candidates = candidates(request.wanted(), request.asked());
    connections.making(pod.ref(), MAX_PER_POD);
    return namespaces
        .of(pod.netns())
        .compose(
            view -> {
              if (view.identity() != pod.identity()) {
                throw Fault.PRECONDITION.because(
                    "pod " + pod.ref() + ": its namespace was just replaced");
              }
              PendingConnection pending = reserve(request, view);
              return choice
                  .choose(pending, candidates, room.clock().instant().plus(REQUEST))
                  .map(connections::enter)
                  .onFailure(e -> connections.releaseName(pod.identity(), pending.client().intf()))
                  .onComplete(done -> pending.prefixes().forEach(connections.addresses()::release));
            })
        .onComplete(done -> connections.made(pod.ref()))
        .compose(this::establish)
        .onFailure(e -> namespaces.forget(pod.netns()));
  }

  /**
   * Gives a connection that lost its endpoint or its interface another one of each; fails if none
   * can be had now.
   *
   * @param end when the last endpoint must have answered; one that hangs takes no more than its
   *     share of the time that is left
   */
  Future<Void> heal(ConnectionEntry entry, Instant end) {
    if (!entry.life().is(Phase.HEALING)) {
      return Future.succeededFuture();
    }
    Connection old = entry.connection();
    List<CandidatePlanner.Candidate> candidates = candidates(old.service(), old.asked());
    // Not waited for: the former endpoint's node may be the one that is gone.
    var unused = halves.leave(old, "the client heals");
    return mechanisms
        .part(old)
        .compose(v -> namespaces.of(old.client().netns()))
        .compose(
            view -> {
              // The new endpoint's namespace may use the old addresses.
              boolean six = wantsSix(view, old.client().routing());
              List<Cidr> others = proposals(view, old.client().routing(), six);
              return choice
                  .choose(PendingConnection.of(old, others, six), candidates, end)
                  .compose(next -> move(entry, next))
                  .onComplete(done -> others.forEach(connections.addresses()::release));
            });
  }

  /** Asks the endpoint of a connection last for a while. */
  void avoid(Connection c) {
    failures.failed(c);
  }

  private Future<Void> move(ConnectionEntry entry, Connection next) {
    return join(entry, next)
        .onFailure(e -> failures.failed(next))
        .recover(e -> halves.undo(next).transform(v -> Future.failedFuture(e)));
  }

  private Future<Void> join(ConnectionEntry entry, Connection next) {
    if (!entry.life().is(Phase.HEALING)) {
      return Future.failedFuture(Fault.UNAVAILABLE.because(entry.life().reason()));
    }
    return connections
        .change(entry, next)
        .compose(v -> mechanisms.join(next))
        .onSuccess(unset -> connections.joined(entry, unset))
        .mapEmpty();
  }

  private List<CandidatePlanner.Candidate> candidates(
      String service, List<RequestedInterface> asked) {
    List<Endpoint> offered = endpoints.of(service);
    if (offered.isEmpty()) {
      throw Fault.NOT_FOUND.because("service " + service + ": nobody advertises it");
    }
    return planner.plan(asked, offered);
  }

  /** Addresses to choose from and the interface's name, which nobody else gets meanwhile. */
  private PendingConnection reserve(ServiceRequest request, KernelLinks.View view) {
    boolean six = wantsSix(view, request.routing());
    List<Cidr> prefixes = proposals(view, request.routing(), six);
    if (prefixes.isEmpty()) {
      throw new Refused(
          "addresses: all "
              + connections.addresses().size()
              + " blocks of nsm.cidr are in use or excluded");
    }
    ClientPod pod = request.pod();
    String name =
        Names.interfaceFor(
            request.service(),
            n -> view.names().contains(n) || connections.nameTaken(pod.identity(), n));
    connections.reserveName(pod.identity(), name);
    String id = HexFormat.of().toHexDigits(random.nextLong());
    return new PendingConnection(
        id,
        request.requestId(),
        request.wanted(),
        request.asked(),
        room.clock().instant(),
        new Connection.Client(
            room.self(), pod.ref(), pod.netns(), pod.identity(), name, request.routing()),
        prefixes,
        request.hop() == null ? null : request.hop().rooted(id, room.self()),
        six,
        request.endpointNanos());
  }

  /** Addresses that are free in the client's namespace, taken until they are released. */
  private List<Cidr> proposals(KernelLinks.View view, ClientRouting routing, boolean six) {
    ConnectionAddresses addresses = connections.addresses();
    int count = addresses.size() - addresses.used() > 64 * PROPOSALS ? PROPOSALS : 1;
    return addresses.take(
        count,
        p ->
            Stream.concat(Stream.of(p), six ? addresses.beside(p).stream() : Stream.empty())
                .noneMatch(a -> view.collides(a) || routing.excludes(a)));
  }

  /** A client that excludes all IPv6 addresses of connections gets one without. */
  private boolean wantsSix(KernelLinks.View view, ClientRouting routing) {
    return view.six()
        && connections.addresses().six().filter(all -> !routing.excludesAll(all)).isPresent();
  }

  private Future<ConnectionEntry> establish(ConnectionEntry entry) {
    Future<Void> kept = connections.keep(entry);
    return halves
        .establish(entry, kept)
        .map(entry)
        .recover(e -> Future.failedFuture(kept.failed() ? e : unjoined(entry.connection(), e)));
  }

  /** A data path that did not come about; the client may ask again. */
  private Throwable unjoined(Connection c, Throwable e) {
    failures.failed(c);
    return new Refused(
        "endpoint " + c.endpoint().provider() + ": " + WeftException.of(e).getMessage());
  }
}
