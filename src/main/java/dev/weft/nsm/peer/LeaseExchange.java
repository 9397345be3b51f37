package dev.weft.nsm.peer;

import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.proto.LeaseRenewal;
import dev.weft.nsm.proto.LeaseState;
import dev.weft.rpc.Caller;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Compares this node's halves with those of other nodes, so that no half outlives the other. */
public final class LeaseExchange {
  /** How long a client's half may be older than the endpoint's. */
  private static final Duration CLIENT_GRACE = Duration.ofSeconds(10);

  /**
   * The client's half comes after the endpoint's, at the latest when the client's node gives up.
   */
  private static final Duration ENDPOINT_GRACE = PeerClient.PROXY_DEADLINE.plusSeconds(5);

  /** An endpoint's half that was read from disk: its client's node had it before the restart. */
  private static final Duration RESTORED_GRACE = Duration.ofSeconds(5);

  private final String self;
  private final Connections connections;
  private final PeerClient peers;
  private final Clock clock;

  public LeaseExchange(String self, Connections connections, PeerClient peers, Clock clock) {
    this.self = self;
    this.connections = connections;
    this.peers = peers;
    this.clock = clock;
  }

  /**
   * Asks each node that has other halves which of them it knows.
   *
   * @param lost called with each connection that the other node does not know
   */
  public Future<Void> renew(Consumer<ConnectionEntry> lost) {
    Map<String, LeaseRenewal.Builder> byNode = new TreeMap<>();
    for (ConnectionEntry entry : connections.all()) {
      Connection c = entry.connection();
      String other = otherNode(c);
      if (isShared(entry, other)) {
        LeaseRenewal.Builder renewal =
            byNode.computeIfAbsent(other, n -> LeaseRenewal.newBuilder());
        if (c.clientAt(self)) {
          renewal.addClient(c.id());
        } else {
          renewal.addEndpoint(c.id());
        }
      }
    }
    List<Future<LeaseState>> answers = new ArrayList<>();
    byNode.forEach(
        (node, renewal) ->
            answers.add(
                peers
                    .renew(node, renewal.build())
                    .onSuccess(
                        state ->
                            state
                                .getUnknownList()
                                .forEach(
                                    id ->
                                        connections
                                            .find(id)
                                            .filter(entry -> isShared(entry, node))
                                            .ifPresent(lost)))));
    // Whether a node that does not answer is gone is for the cluster to decide.
    return Future.join(answers).transform(done -> Future.succeededFuture());
  }

  /**
   * Answers another node: which of its connections have no half here.
   *
   * @param comesUp whether the half of a connection id is being created here
   */
  public LeaseState onRenew(Caller caller, LeaseRenewal renewal, Predicate<String> comesUp) {
    LeaseState.Builder state = LeaseState.newBuilder();
    renewal.getClientList().stream()
        .filter(id -> !comesUp.test(id))
        .filter(id -> !has(id, c -> c.endpointAt(self) && c.clientAt(caller.node())))
        .forEach(state::addUnknown);
    renewal.getEndpointList().stream()
        .filter(id -> !has(id, c -> c.clientAt(self) && c.endpointAt(caller.node())))
        .forEach(state::addUnknown);
    return state.build();
  }

  private boolean has(String id, Predicate<Connection> as) {
    return connections.find(id).map(ConnectionEntry::connection).filter(as).isPresent();
  }

  private String otherNode(Connection c) {
    return c.clientAt(self) ? c.endpoint().node() : c.client().node();
  }

  /**
   * Whether that node must have the other half. Checked again when the node answers: the connection
   * may have been healed meanwhile, and a node may only end connections that it has an end of.
   */
  private boolean isShared(ConnectionEntry entry, String node) {
    Connection c = entry.connection();
    return !node.equals(self)
        && node.equals(otherNode(c))
        && entry.life().stands()
        && due(entry).isBefore(clock.instant());
  }

  private Instant due(ConnectionEntry entry) {
    Instant changed = entry.life().changed();
    return entry.connection().clientAt(self)
        ? changed.plus(CLIENT_GRACE)
        : entry.agreed().map(at -> at.plus(ENDPOINT_GRACE)).orElse(changed.plus(RESTORED_GRACE));
  }
}
