package dev.weft.nsm.client;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.connection.ClientPod;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionAddresses;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.KernelLinks;
import dev.weft.nsm.connection.Mechanisms;
import dev.weft.nsm.connection.Names;
import dev.weft.nsm.connection.NamespaceCache;
import dev.weft.nsm.connection.PendingConnection;
import dev.weft.nsm.connection.RequestedInterface;
import dev.weft.nsm.endpoint.CandidatePlanner;
import dev.weft.nsm.endpoint.EndpointPods;
import dev.weft.nsm.endpoint.Endpoints;
import dev.weft.nsm.endpoint.LocalTarget;
import dev.weft.nsm.peer.Peers;
import dev.weft.nsm.peer.RemoteTarget;
import io.vertx.core.Future;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;

/** The client's side of a connection's life: select an endpoint, join, heal, end. */
public final class Connector {
  /** Endpoints that one request tries. */
  private static final int MAX_TRIES = 5;

  private static final int MAX_PER_POD = 4096;

  /** Prefixes proposed to an endpoint, while there are plenty. */
  private static final int PROPOSALS = 4;

  private final String self;
  private final Endpoints endpoints;
  private final Connections connections;
  private final ConnectionAddresses pool;
  private final NamespaceCache views;
  private final Mechanisms carriers;
  private final LocalTarget local;
  private final RemoteTarget remote;
  private final EndpointPods pods;
  private final Peers peers;
  private final CandidatePlanner planner;
  private final Clock clock;
  private final RandomGenerator random = new SecureRandom();

  public Connector(
      String self,
      Endpoints endpoints,
      Connections connections,
      ConnectionAddresses pool,
      NamespaceCache views,
      Mechanisms carriers,
      LocalTarget local,
      RemoteTarget remote,
      EndpointPods pods,
      Peers peers,
      Clock clock) {
    this.self = self;
    this.endpoints = endpoints;
    this.connections = connections;
    this.pool = pool;
    this.views = views;
    this.carriers = carriers;
    this.local = local;
    this.remote = remote;
    this.pods = pods;
    this.peers = peers;
    this.clock = clock;
    this.planner = new CandidatePlanner(self, connections::loadOf);
  }

  /**
   * A new connection. NOT_FOUND if nobody advertises the service, PRECONDITION without a common
   * interface type, {@link Refused} if no endpoint could be had.
   *
   * @param answered is told the time that each endpoint of this node takes to answer, ns
   */
  public Future<ConnectionEntry> connect(
      ClientPod pod,
      String requestId,
      String service,
      List<RequestedInterface> asked,
      LongConsumer answered) {
    if (connections.countOf(pod.ref()) >= MAX_PER_POD) {
      throw Fault.EXHAUSTED.because(
          "pod " + pod.ref() + ": " + MAX_PER_POD + " connections (expected: fewer)");
    }
    List<CandidatePlanner.Candidate> candidates = candidates(service, asked);
    return views
        .of(pod.netns())
        .compose(
            view -> {
              if (view.identity() != pod.identity()) {
                throw Fault.PRECONDITION.because(
                    "pod " + pod.ref() + ": its namespace was just replaced");
              }
              PendingConnection draft = draft(pod, requestId, service, asked, view, answered);
              return choose(draft, candidates)
                  .compose(c -> establish(c))
                  .onComplete(
                      done -> {
                        Optional<Cidr> used =
                            done.succeeded()
                                ? Optional.of(done.result().connection().prefix())
                                : Optional.empty();
                        draft.prefixes().stream()
                            .filter(p -> !used.equals(Optional.of(p)))
                            .forEach(pool::release);
                        if (done.failed()) {
                          connections.releaseName(pod.identity(), draft.client().intf());
                          views.forget(pod.netns());
                        }
                      });
            });
  }

  /**
   * Gives a connection that lost its endpoint or its interface another one of each; fails if none
   * can be had now.
   */
  public Future<Void> heal(ConnectionEntry held) {
    Connection old = held.connection();
    List<CandidatePlanner.Candidate> candidates = candidates(old.service(), old.asked());
    return carriers
        .part(old)
        .compose(v -> leave(old, "the client heals"))
        .compose(v -> choose(PendingConnection.of(old), candidates))
        .compose(
            next ->
                connections
                    .change(held, next)
                    .compose(v -> carriers.join(next))
                    .onFailure(e -> undo(next)))
        .compose(v -> pods.release(old))
        .onSuccess(
            v -> {
              if (connections.holds(held)) {
                connections.state(held, ConnectionState.UP, null);
              }
            });
  }

  /** Ends it on both nodes. */
  public Future<Void> end(ConnectionEntry held, String reason) {
    Connection c = held.connection();
    held.busy = true;
    return carriers
        .part(c)
        .onFailure(e -> held.busy = false)
        .compose(v -> connections.remove(held, reason))
        .compose(v -> leave(c, reason))
        .compose(v -> pods.release(c));
  }

  private List<CandidatePlanner.Candidate> candidates(
      String service, List<RequestedInterface> asked) {
    List<Endpoint> offered = endpoints.of(service);
    if (offered.isEmpty()) {
      throw Fault.NOT_FOUND.because("service " + service + ": nobody advertises it");
    }
    return planner.plan(asked, offered);
  }

  private PendingConnection draft(
      ClientPod pod,
      String requestId,
      String service,
      List<RequestedInterface> asked,
      KernelLinks.View view,
      LongConsumer answered) {
    int count = pool.size() - pool.used() > 64 * PROPOSALS ? PROPOSALS : 1;
    List<Cidr> prefixes = pool.take(count, p -> !view.collides(p));
    if (prefixes.isEmpty()) {
      throw new Refused("addresses: all " + pool.size() + " blocks of nsm.cidr are in use");
    }
    String name =
        Names.interfaceFor(
            service, n -> view.names().contains(n) || connections.nameTaken(pod.identity(), n));
    connections.reserveName(pod.identity(), name);
    return new PendingConnection(
        HexFormat.of().toHexDigits(random.nextLong()),
        requestId,
        service,
        asked,
        clock.instant(),
        new Connection.Client(self, pod.ref(), pod.netns(), pod.identity(), name),
        prefixes,
        answered);
  }

  /** The first candidate that agrees; its side of the connection stands then. */
  private Future<Connection> choose(
      PendingConnection draft, List<CandidatePlanner.Candidate> candidates) {
    return choose(draft, candidates, 0, new ArrayList<>());
  }

  private Future<Connection> choose(
      PendingConnection draft,
      List<CandidatePlanner.Candidate> candidates,
      int number,
      List<String> failures) {
    if (number == Math.min(candidates.size(), MAX_TRIES)) {
      return Future.failedFuture(new Refused(String.join("; ", failures)));
    }
    CandidatePlanner.Candidate candidate = candidates.get(number);
    boolean here = candidate.endpoint().node().equals(self);
    return Future.<Void>succeededFuture()
        .compose(v -> here ? local.agree(draft, candidate) : remote.agree(draft, candidate))
        .recover(
            e -> {
              failures.add(
                  "endpoint "
                      + candidate.endpoint().name()
                      + (here ? "" : " on node " + candidate.endpoint().node())
                      + ": "
                      + WeftException.of(e).getMessage());
              return choose(draft, candidates, number + 1, failures);
            });
  }

  private Future<ConnectionEntry> establish(Connection c) {
    Future<ConnectionEntry> added = connections.add(c, ConnectionState.JOINING);
    // A veth need not wait for the disk: one that no table has after a crash is swept from its pod.
    Future<Void> joined =
        c.link().carrier() == Mechanism.VETH
            ? carriers.join(c)
            : added.compose(held -> carriers.join(c));
    return Future.join(added, joined)
        .map(
            both -> {
              connections.state(added.result(), ConnectionState.UP, null);
              return added.result();
            })
        .recover(
            e ->
                undo(c)
                    .compose(
                        v ->
                            added.succeeded()
                                ? connections.forget(added.result())
                                : Future.succeededFuture())
                    .compose(v -> Future.failedFuture(added.succeeded() ? refusal(c, e) : e)));
  }

  /** A data path that did not come about; the client may ask again. */
  private static Throwable refusal(Connection c, Throwable e) {
    return new Refused(
        "endpoint " + c.endpoint().provider() + ": " + WeftException.of(e).getMessage());
  }

  private Future<Void> undo(Connection c) {
    return carriers
        .part(c)
        .transform(done -> leave(c, "it could not be joined"))
        .compose(v -> pods.release(c));
  }

  /** Tells the endpoint's node that the client's half is gone. */
  private Future<Void> leave(Connection c, String reason) {
    return c.endpointAt(self)
        ? Future.succeededFuture()
        : peers.end(c.endpoint().node(), c.id(), reason, false);
  }
}
