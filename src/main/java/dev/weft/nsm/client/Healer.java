package dev.weft.nsm.client;

import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.linux.SocketFile;
import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.Mechanisms;
import dev.weft.nsm.connection.NamespaceIdentities;
import dev.weft.nsm.endpoint.Endpoints;
import dev.weft.nsm.endpoint.Externals;
import dev.weft.nsm.peer.EndpointSide;
import dev.weft.nsm.peer.Peers;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds connections that lost something, and heals or ends them. */
public final class Healer {
  private static final Logger log = LoggerFactory.getLogger(Healer.class);

  /** A record of an endpoint may be away this long, as between two versions of it. */
  private static final Duration MISSING = Duration.ofSeconds(2);

  /** Until the cluster has told this node everything. */
  private static final Duration AFTER_START = Duration.ofSeconds(15);

  /** A client's node that restarts keeps its connections. */
  private static final Duration NODE_AWAY = Duration.ofSeconds(10);

  private final Cluster cluster;
  private final Externals externals;
  private final Map<PodRef, Pod> pods;
  private final Endpoints endpoints;
  private final Connections connections;
  private final Connector connector;
  private final EndpointSide provider;
  private final Mechanisms carriers;
  private final Peers peers;
  private final WorkerExecutor workers;
  private final Duration patience;
  private final Clock clock;
  private final Instant started;
  private final NamespaceIdentities namespaceIdentities = new NamespaceIdentities();

  /**
   * @param pods those of this node, as they are at any time
   * @param patience how long a connection waits for another endpoint
   */
  public Healer(
      Cluster cluster,
      Externals externals,
      Map<PodRef, Pod> pods,
      Endpoints endpoints,
      Connections connections,
      Connector connector,
      EndpointSide provider,
      Mechanisms carriers,
      Peers peers,
      WorkerExecutor workers,
      Duration patience,
      Clock clock) {
    this.cluster = cluster;
    this.externals = externals;
    this.pods = pods;
    this.endpoints = endpoints;
    this.connections = connections;
    this.connector = connector;
    this.provider = provider;
    this.carriers = carriers;
    this.peers = peers;
    this.workers = workers;
    this.patience = patience;
    this.clock = clock;
    this.started = clock.instant();
  }

  private String self() {
    return cluster.self();
  }

  /** Looks at sockets and namespaces of this node's endpoints. */
  public Future<Void> watchEndpoints() {
    Set<String> sockets = new HashSet<>();
    endpoints.mine().forEach(a -> sockets.add(a.socket()));
    Set<String> namespaces = new HashSet<>();
    for (ConnectionEntry held : connections.all()) {
      if (held.connection().endpointAt(self())) {
        namespaces.add(held.connection().endpoint().netns());
      }
    }
    if (sockets.isEmpty() && namespaces.isEmpty()) {
      return Future.succeededFuture();
    }
    Map<String, Boolean> served = new HashMap<>();
    Map<String, Long> identities = new HashMap<>();
    return workers
        .executeBlocking(
            () -> {
              sockets.forEach(s -> served.put(s, SocketFile.isServed(Path.of(s))));
              identities.putAll(namespaceIdentities.of(namespaces));
              return null;
            },
            false)
        .compose(
            v -> {
              List<Future<Void>> removed = new ArrayList<>();
              for (Endpoints.Advertised dead : endpoints.dead(served)) {
                removed.add(
                    endpoints.remove(dead.endpoint().key(), "nobody answers on its socket"));
              }
              return Future.join(removed);
            })
        .map(
            v -> {
              for (ConnectionEntry held : connections.where(c -> c.endpointAt(self()))) {
                Connection.Target target = held.connection().endpoint();
                Long identity = identities.get(target.netns());
                if (identity != null && identity != target.identity()) {
                  lost(held, "the endpoint's namespace is gone");
                }
              }
              review();
              return null;
            });
  }

  /** Looks for interfaces that somebody took away. */
  public Future<Void> watchLinks() {
    List<ConnectionEntry> ours =
        connections.where(c -> c.link().carrier() != Mechanism.WIRE).stream()
            .filter(h -> h.state() == ConnectionState.UP && !h.busy)
            .toList();
    if (ours.isEmpty()) {
      return Future.succeededFuture();
    }
    return carriers
        .broken(ours)
        .map(
            broken -> {
              broken.stream()
                  .filter(h -> h.state() == ConnectionState.UP && !h.busy && connections.holds(h))
                  .forEach(h -> lost(h, "its interface is gone"));
              return null;
            });
  }

  /** Compares connections with who is there to serve them. */
  public void review() {
    Instant now = clock.instant();
    Predicate<Connection> provided = endpoints.providers();
    for (ConnectionEntry held : connections.where(c -> true)) {
      Connection c = held.connection();
      if (held.busy || !connections.holds(held)) {
        continue;
      }
      if (c.clientAt(self()) && !hasClient(c)) {
        end(held, "the client's pod is gone");
      } else if (held.state() == ConnectionState.HEALING) {
        step(held);
      } else if (held.state() == ConnectionState.UP) {
        if (c.clientAt(self())) {
          reviewEndpoint(held, provided, now);
        } else {
          reviewClientsNode(held, now);
        }
      }
    }
  }

  private void reviewEndpoint(ConnectionEntry held, Predicate<Connection> provided, Instant now) {
    Connection c = held.connection();
    if (provided.test(c)) {
      held.missing = null;
      return;
    }
    if (held.missing == null) {
      held.missing = now;
    }
    boolean here = c.endpointAt(self());
    boolean early = !here && started.plus(AFTER_START).isAfter(now);
    if (here || (!early && held.missing.plus(MISSING).isBefore(now))) {
      held.missing = null;
      lost(held, "endpoint " + c.endpoint().provider() + " is gone");
    }
  }

  private void reviewClientsNode(ConnectionEntry held, Instant now) {
    Connection c = held.connection();
    if (endpoints.mine(c.endpoint().namespace(), c.endpoint().provider(), c.service()).isEmpty()) {
      lost(held, "endpoint " + c.endpoint().provider() + " is gone");
      return;
    }
    String node = c.client().node();
    if (cluster.member(node).isPresent() || externals.isHere(node)) {
      held.missing = null;
    } else if (held.missing == null) {
      held.missing = now;
    } else if (held.missing.plus(NODE_AWAY).isBefore(now)) {
      drop(held, "the client's node is gone");
    }
  }

  /** A node left: what its endpoints served is lost now. */
  public void onNodeLeft(String node) {
    connections
        .where(c -> c.clientAt(self()) && c.endpointAt(node))
        .forEach(h -> lost(h, "node " + node + " left"));
  }

  /** Whether the client's pod is still the one that the connection was made for. */
  private boolean hasClient(Connection c) {
    Pod pod = pods.get(c.client().pod());
    return pod != null && pod.alive() && pod.identity() == c.client().identity();
  }

  /** The other node's half is gone. */
  public void onEnded(ConnectionEntry held, String reason, boolean heal) {
    if (held.busy) {
      return;
    }
    if (!held.connection().clientAt(self())) {
      drop(held, reason);
    } else if (heal) {
      lost(held, reason);
    } else {
      end(held, reason);
    }
  }

  /** What a connection needs is gone: at the client's node it is healed, else told there. */
  public void lost(ConnectionEntry held, String reason) {
    if (held.busy || held.state() == ConnectionState.HEALING) {
      return;
    }
    Connection c = held.connection();
    if (!c.clientAt(self())) {
      drop(held, reason);
      peers.end(c.client().node(), c.id(), reason, true);
    } else if (patience.isZero()) {
      end(held, reason);
    } else {
      connections.state(held, ConnectionState.HEALING, reason);
      step(held);
    }
  }

  private void step(ConnectionEntry held) {
    held.busy = true;
    Future.<Void>succeededFuture()
        .compose(v -> connector.heal(held))
        .onComplete(
            done -> {
              held.busy = false;
              if (done.failed()) {
                onNotHealed(held, WeftException.of(done.cause()).getMessage());
              }
            });
  }

  private void onNotHealed(ConnectionEntry held, String why) {
    if (held.changed().plus(patience).isBefore(clock.instant())) {
      end(held, "no other endpoint within " + patience.toSeconds() + " s: " + why);
    } else {
      connections.state(held, ConnectionState.HEALING, why);
    }
  }

  private void end(ConnectionEntry held, String reason) {
    Connection c = held.connection();
    connector
        .end(held, reason)
        .onFailure(e -> log.warn("connection {} not ended yet: {}", c.id(), e.getMessage()));
  }

  private void drop(ConnectionEntry held, String reason) {
    Connection c = held.connection();
    provider
        .drop(held, reason)
        .onFailure(e -> log.warn("connection {} not dropped yet: {}", c.id(), e.getMessage()));
  }
}
