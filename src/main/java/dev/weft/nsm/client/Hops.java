package dev.weft.nsm.client;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.nsm.ConnectionStatus;
import dev.weft.nsm.connection.ChainHop;
import dev.weft.nsm.connection.ChainRoutes;
import dev.weft.nsm.connection.ClientPod;
import dev.weft.nsm.connection.ClientRouting;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.Names;
import dev.weft.nsm.endpoint.EndpointAttachment;
import dev.weft.nsm.endpoint.EndpointPods;
import dev.weft.nsm.endpoint.RouteLimits;
import dev.weft.nsm.peer.Halves;
import dev.weft.nsm.peer.HopPeers;
import dev.weft.nsm.proto.HopDrop;
import dev.weft.nsm.proto.HopDropped;
import dev.weft.nsm.proto.HopNews;
import dev.weft.nsm.proto.HopNewsSeen;
import dev.weft.nsm.proto.HopReply;
import dev.weft.nsm.proto.HopRequest;
import dev.weft.nsm.proto.HopRouted;
import dev.weft.nsm.proto.HopRoutes;
import dev.weft.wire.WireChanged;
import dev.weft.wire.WireState;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the node of a chain's client asks of this one: the pods of endpoints here get interfaces to
 * the next hop, and routes.
 */
public final class Hops implements HopPeers.HopNode {
  private static final Logger log = LoggerFactory.getLogger(Hops.class);

  /** Those of all hops of the longest chain, with their addresses. */
  private static final int MAX_ROUTES = ChainHop.MAX * 66;

  private final String self;
  private final Connections connections;
  private final Requests requests;
  private final Halves halves;
  private final EndpointPods pods;
  private final RouteLimits limits;
  private final ChainRoutes routes;
  private final ChainRunner runner;

  public Hops(
      String self,
      Connections connections,
      Requests requests,
      Halves halves,
      EndpointPods pods,
      RouteLimits limits,
      ChainRoutes routes,
      ChainRunner runner) {
    this.self = self;
    this.connections = connections;
    this.requests = requests;
    this.halves = halves;
    this.pods = pods;
    this.limits = limits;
    this.routes = routes;
    this.runner = runner;
  }

  @Override
  public Future<HopReply> extend(String caller, HopRequest request) {
    Connection before = of(caller, request.getChainId(), request.getBefore()).connection();
    Connection.Target end = before.endpoint();
    if (!before.endpointAt(self) || before.hop().isLast()) {
      throw Fault.PRECONDITION.because(
          "connection " + before.id() + ": " + before.hop().label() + " leads no further here");
    }
    ChainHop hop = before.hop().next(before.id());
    ClientRouting routing =
        ClientRouting.of(
            metric(hop.root()), request.getExcludedPrefixList(), ChainRunner.MAX_EXCLUDED);
    return pods.with(
            new EndpointAttachment(end.netns(), end.identity(), List.of()),
            pod -> {
              Optional<ConnectionEntry> known =
                  connections
                      .find(new Connections.Key(pod, hop.root(), hop.here()))
                      .filter(entry -> !entry.life().isOver())
                      .filter(e -> e.connection().client().identity() == end.identity());
              // The same namespace may be known otherwise now, as by another process in it.
              boolean stands =
                  known
                      .filter(e -> e.connection().client().netns().equals(end.netns()))
                      .isPresent();
              Future<Void> over =
                  known.isPresent() && !stands
                      ? halves.end(known.get(), "its pod's namespace is known otherwise now")
                      : Future.succeededFuture();
              return stands
                  ? connections
                      .place(known.get(), known.get().connection().hop().after(before.id()))
                      .map(known.get())
                  : over.compose(
                      v ->
                          requests.request(
                              new ServiceRequest(
                                      new ClientPod(pod, end.netns(), 0, end.identity()),
                                      before.requestId(),
                                      hop.here(),
                                      List.of(),
                                      routing)
                                  .at(hop)));
            })
        .map(entry -> reply(entry.connection(), entry.status()));
  }

  /** Of several chains to the same destinations each has routes; one stands in for another. */
  private static int metric(String chain) {
    return 1024 + (chain.hashCode() & 0x7fff);
  }

  private static HopReply reply(Connection c, ConnectionStatus status) {
    HopReply.Builder reply =
        HopReply.newBuilder()
            .setConnectionId(c.id())
            .setClientPod(c.client().pod().toString())
            .setClientAddress(status.clientAddress())
            .setEndpointNode(status.endpointNode())
            .setProvider(status.provider())
            .setEndpointAddress(status.endpointAddress())
            .setPrefix(c.link().prefix())
            .addAllRoute(c.link().routes())
            .setState(status.state() == null ? "ended" : status.state().toString());
    c.prefix6()
        .ifPresent(
            prefix ->
                reply
                    .setPrefix6(prefix.toString())
                    .setClientAddress6(status.clientAddress6())
                    .setEndpointAddress6(status.endpointAddress6()));
    if (status.reason() != null) {
      reply.setReason(status.reason());
    }
    return reply.build();
  }

  @Override
  public Future<HopRouted> route(String caller, HopRoutes asked) {
    ConnectionEntry entry = of(caller, asked.getChainId(), asked.getConnectionId());
    List<String> ahead = checked(asked.getAheadList());
    List<String> back = checked(asked.getBackList());
    return connections
        .place(entry, entry.connection().hop().leading(ahead, back))
        .compose(v -> routes.set(entry.connection()))
        .map(HopRouted.getDefaultInstance());
  }

  /** Routes of services, and addresses of hops. */
  private List<String> checked(List<String> prefixes) {
    if (prefixes.size() > MAX_ROUTES) {
      throw Fault.invalid("ahead, back", prefixes.size() + " routes", "at most " + MAX_ROUTES);
    }
    List<String> others = new ArrayList<>();
    for (String text : prefixes) {
      boolean ofHop = Cidr.find(text).filter(connections.addresses()::isBlock).isPresent();
      if (!ofHop) {
        others.add(text);
      }
    }
    others.forEach(other -> limits.check("", List.of(other)));
    return prefixes;
  }

  @Override
  public Future<HopNewsSeen> tell(String caller, HopNews news) {
    return Future.succeededFuture(runner.onNews(caller, news));
  }

  @Override
  public Future<HopDropped> drop(String caller, HopDrop hop) {
    Optional<ConnectionEntry> entry = connections.find(hop.getConnectionId());
    if (entry.isEmpty()) {
      return Future.succeededFuture(HopDropped.getDefaultInstance());
    }
    ConnectionEntry its = of(caller, hop.getChainId(), hop.getConnectionId());
    if (its.connection().hop().isFirst()) {
      throw Fault.invalid("connection_id", hop.getConnectionId(), "a hop after the first");
    }
    return halves.end(its, hop.getReason()).map(HopDropped.getDefaultInstance());
  }

  /** Sets the routes of a hop whose interface the wire room may have made anew. */
  public void onWire(WireChanged change) {
    if (change.state() != WireState.UP) {
      return;
    }
    connections
        .ofWire(change.id())
        .map(ConnectionEntry::connection)
        .filter(c -> c.hop() != null && !(c.hop().ahead().isEmpty() && c.hop().back().isEmpty()))
        .ifPresent(
            c ->
                routes
                    .set(c)
                    .onFailure(e -> log.warn("routes of connection {}: {}", c, Reason.of(e))));
  }

  /** A connection of that chain; DENIED unless the caller is the node that has the client. */
  private ConnectionEntry of(String caller, String chain, String id) {
    ConnectionEntry entry = connections.require(Names.connectionId(id));
    ChainHop hop = entry.connection().hop();
    if (hop == null || !hop.root().equals(chain) || !hop.node().equals(caller)) {
      throw Fault.DENIED.because(
          "connection %s is not of chain %s of node %s".formatted(id, chain, caller));
    }
    return entry;
  }
}
