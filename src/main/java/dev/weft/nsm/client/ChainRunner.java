package dev.weft.nsm.client;

import dev.weft.bus.WeftException;
import dev.weft.nsm.ConnectionHop;
import dev.weft.nsm.connection.ChainHop;
import dev.weft.nsm.connection.ChainRoutes;
import dev.weft.nsm.connection.ChainTail;
import dev.weft.nsm.connection.ClientRouting;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.ConnectionLife.Phase;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.endpoint.RouteLimits;
import dev.weft.nsm.peer.Halves;
import dev.weft.nsm.peer.HopPeers;
import dev.weft.nsm.proto.HopDrop;
import dev.weft.nsm.proto.HopNews;
import dev.weft.nsm.proto.HopNewsSeen;
import dev.weft.nsm.proto.HopReply;
import dev.weft.nsm.proto.HopRequest;
import dev.weft.nsm.proto.HopState;
import dev.weft.pod.PodRef;
import dev.weft.room.RoomContext;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Joins the further hops of the chains whose client is on this node, one after the other, whenever
 * the first hop came up or a hop changed. Each pass asks every hop's node for what should be, which
 * is nothing new where it stands; so a pass also finds the hops again after a restart.
 */
public final class ChainRunner {
  /** How long a hop that was lost for good, or never came up, is asked for again. */
  private static final Duration AGAIN = Duration.ofSeconds(1);

  /** For hops on other nodes to go first. */
  private static final int DROP_SECONDS = 5;

  /** A new chain that is not up by then is ended: its client has given up. */
  private static final Duration FIRST = Duration.ofSeconds(30);

  /** Those of the client, of the hops before and of the pod's other connections. */
  static final int MAX_EXCLUDED = 2 * ClientRouting.MAX_EXCLUDED;

  private static final String ALL_SIX = "::/0";
  private static final long NO_TIMER = -1;

  private final RoomContext room;
  private final Vertx vertx;
  private final Duration patience;
  private final Connections connections;
  private final Halves halves;
  private final HopPeers peers;
  private final RouteLimits limits;
  private final ChainRoutes routes;
  private final Map<String, Run> runs = new HashMap<>();

  /** A chain and its further hops, the second first. */
  private static final class Run {
    private final ConnectionEntry entry;
    private List<Placed> hops = List.of();
    private boolean stale = true;
    private boolean busy;
    private Instant failing;
    private long timer = NO_TIMER;

    Run(ConnectionEntry entry) {
      this.entry = entry;
    }
  }

  /**
   * A hop that stands.
   *
   * @param node of its client, the pod of the endpoint before
   */
  private record Placed(int number, String node, HopReply reply) {}

  /** A hop that its own node heals. */
  private static final class HopNotUp extends RuntimeException {
    private static final long serialVersionUID = 1L;

    HopNotUp(String why) {
      super(why, null, false, false);
    }
  }

  /**
   * @param patience {@code nsm.heal}: how long a hop that cannot be had is asked for
   */
  public ChainRunner(
      RoomContext room,
      Vertx vertx,
      Duration patience,
      Connections connections,
      Halves halves,
      HopPeers peers,
      RouteLimits limits,
      ChainRoutes routes) {
    this.room = room;
    this.vertx = vertx;
    this.patience = patience;
    this.connections = connections;
    this.halves = halves;
    this.peers = peers;
    this.limits = limits;
    this.routes = routes;
    connections.follow(this::onLife);
    halves.beforeEnd(this::dropAll);
  }

  private boolean isRoot(Connection c) {
    return c.hop() != null && c.hop().isFirst() && !c.hop().isLast() && c.clientAt(room.self());
  }

  private void onLife(ConnectionEntry entry) {
    Connection c = entry.connection();
    if (!isRoot(c)) {
      return;
    }
    if (entry.life().is(Phase.ENDED)) {
      Run ended = runs.remove(c.id());
      if (ended != null) {
        vertx.cancelTimer(ended.timer);
      }
      return;
    }
    Run run = runs.computeIfAbsent(c.id(), id -> new Run(entry));
    if (entry.life().is(Phase.UP)) {
      begin(run);
    } else {
      run.stale = true;
    }
  }

  /** Joins the hops if something has changed; a pass that is under way is followed by another. */
  private void begin(Run run) {
    if (run.busy || !run.stale || !run.entry.life().is(Phase.UP)) {
      return;
    }
    run.busy = true;
    run.stale = false;
    List<Placed> placed = new ArrayList<>();
    Connection c = run.entry.connection();
    extend(c, c.endpoint().node(), c.id(), placed)
        .compose(v -> route(c, placed))
        .onComplete(
            done -> {
              run.busy = false;
              if (run.entry.life().isOver()) {
                placed.forEach(hop -> drop(run, hop, run.entry.life().reason()));
              } else if (done.succeeded()) {
                joined(run, placed, done.result());
              } else {
                notJoined(run, placed, done.cause());
              }
              begin(run);
            });
  }

  /** Has the next hop made, and those after it. */
  private Future<Void> extend(Connection root, String node, String before, List<Placed> placed) {
    int number = placed.size() + 2;
    ChainHop hop = root.hop();
    if (number > hop.via().size()) {
      return Future.succeededFuture();
    }
    HopRequest request =
        HopRequest.newBuilder()
            .setChainId(root.id())
            .setBefore(before)
            .addAllExcludedPrefix(excluded(root, placed))
            .build();
    return peers
        .extend(node, request)
        .compose(
            reply -> {
              placed.add(new Placed(number, node, reply));
              if (!reply.getState().equals("up")) {
                throw new HopNotUp(reply.getState() + ": " + reply.getReason());
              }
              limits.check(hop.via().get(number - 1), reply.getRouteList());
              return extend(root, reply.getEndpointNode(), reply.getConnectionId(), placed);
            });
  }

  /**
   * What the client excluded, the addresses of the hops so far, and those of the client's other
   * connections. Without IPv6 addresses on the first hop there is no use for them on others.
   */
  private List<String> excluded(Connection root, List<Placed> placed) {
    List<String> excluded = new ArrayList<>();
    excluded.add(root.link().prefix());
    placed.forEach(hop -> excluded.add(hop.reply().getPrefix()));
    excluded.addAll(root.client().routing().excluded());
    if (root.link().prefix6() == null) {
      excluded.add(ALL_SIX);
    }
    connections.where(c -> c.client().pod().equals(root.client().pod())).stream()
        .map(ConnectionEntry::connection)
        .filter(c -> !c.id().equals(root.id()))
        .flatMap(ChainRunner::addresses)
        .filter(prefix -> !excluded.contains(prefix))
        .limit(MAX_EXCLUDED - excluded.size())
        .forEach(excluded::add);
    return excluded;
  }

  /** The addresses that a pod has or reaches by a connection: its own, and those of hops. */
  private static Stream<String> addresses(Connection c) {
    Stream<String> own = Stream.of(c.link().prefix());
    return c.hop() == null
        ? own
        : Stream.concat(own, c.hop().ahead().stream().filter(to -> to.endsWith("/30")));
  }

  /** Gives both ends of every hop their routes; the routes that the client cannot have. */
  private Future<ChainTail> route(Connection root, List<Placed> placed) {
    Connection.Link own = root.link();
    ChainReach reach = new ChainReach(root.id(), root.hop().via());
    reach.add(own.prefix(), Objects.requireNonNullElse(own.prefix6(), ""), own.routes());
    placed.stream()
        .map(Placed::reply)
        .forEach(hop -> reach.add(hop.getPrefix(), hop.getPrefix6(), hop.getRouteList()));
    List<Future<?>> told = new ArrayList<>();
    for (Placed hop : placed) {
      String id = hop.reply().getConnectionId();
      told.add(peers.route(hop.node(), reach.routes(hop.number(), id)));
      String end = hop.reply().getEndpointNode();
      if (!end.equals(hop.node()) && isMember(end)) {
        told.add(peers.route(end, reach.routes(hop.number(), id)));
      }
    }
    if (!root.endpointAt(room.self()) && isMember(root.endpoint().node())) {
      told.add(peers.route(root.endpoint().node(), reach.routes(1, root.id())));
    }
    ConnectionEntry entry = connections.require(root.id());
    ChainHop leading = entry.connection().hop().leading(reach.ahead(1), List.of());
    return Future.join(told)
        .compose(v -> connections.place(entry, leading))
        .compose(v -> routes.set(entry.connection()))
        .map(
            unset ->
                new ChainTail(
                    true,
                    null,
                    views(root, placed),
                    Stream.concat(unset.stream(), reach.unreached().stream()).toList()));
  }

  private boolean isMember(String node) {
    return room.cluster().member(node).isPresent();
  }

  private void joined(Run run, List<Placed> placed, ChainTail tail) {
    replace(run, placed, "the chain leads over another hop");
    if (!run.stale) {
      run.failing = null;
      connections.onTail(run.entry, tail);
    }
  }

  private void notJoined(Run run, List<Placed> placed, Throwable cause) {
    boolean known = !placed.isEmpty() && cause instanceof HopNotUp;
    int number = known ? placed.size() + 1 : placed.size() + 2;
    List<String> via = run.entry.connection().hop().via();
    String reason =
        ChainHop.label(Math.min(number, via.size()), via)
            + ": "
            + WeftException.of(cause).getMessage();
    List<Placed> left = new ArrayList<>(placed);
    run.hops.stream().filter(old -> old.number() > left.size() + 1).forEach(left::add);
    replace(run, left, "the chain leads over another hop");
    connections.onTail(
        run.entry, new ChainTail(false, reason, views(run.entry.connection(), placed), List.of()));
    if (run.stale || !run.entry.life().is(Phase.UP)) {
      return;
    }
    Instant now = room.clock().instant();
    if (known) {
      run.failing = null;
    } else if (run.failing == null) {
      run.failing = now;
    }
    boolean hopeless =
        run.entry.wasUp()
            ? !known && !run.failing.plus(patience).isAfter(now)
            : !known || run.entry.connection().since().plus(FIRST).isBefore(now);
    if (hopeless) {
      halves.end(run.entry, reason);
    } else {
      vertx.cancelTimer(run.timer);
      run.timer =
          vertx.setTimer(
              AGAIN.toMillis(),
              id -> {
                run.stale = true;
                begin(run);
              });
    }
  }

  /** Takes note of the hops that stand now, and ends those that do not belong to them. */
  private void replace(Run run, List<Placed> now, String reason) {
    List<String> ids = now.stream().map(hop -> hop.reply().getConnectionId()).toList();
    for (Placed old : run.hops) {
      if (!ids.contains(old.reply().getConnectionId())) {
        drop(run, old, reason);
      }
    }
    run.hops = List.copyOf(now);
  }

  private Future<Void> drop(Run run, Placed hop, String reason) {
    HopDrop drop =
        HopDrop.newBuilder()
            .setChainId(run.entry.connection().id())
            .setConnectionId(hop.reply().getConnectionId())
            .setReason(reason)
            .build();
    // A node that cannot be told ends it once it learns that the chain is no more.
    return peers.drop(hop.node(), drop).transform(done -> Future.succeededFuture());
  }

  /** Ends the hops of a chain that ends, the last one first. */
  private Future<Void> dropAll(ConnectionEntry entry) {
    Run run = runs.get(entry.connection().id());
    if (run == null || run.entry != entry) {
      return Future.succeededFuture();
    }
    Future<Void> dropped = Future.succeededFuture();
    for (int i = run.hops.size() - 1; i >= 0; i--) {
      Placed last = run.hops.get(i);
      dropped = dropped.compose(v -> drop(run, last, entry.life().reason()));
    }
    run.hops = List.of();
    return dropped
        .timeout(DROP_SECONDS, TimeUnit.SECONDS)
        .transform(done -> Future.succeededFuture());
  }

  /** Hops of chains of this node changed; those that are of none any more. */
  HopNewsSeen onNews(String caller, HopNews news) {
    HopNewsSeen.Builder seen = HopNewsSeen.newBuilder();
    for (HopState state : news.getHopList()) {
      Optional<ConnectionEntry> root =
          connections
              .find(state.getChainId())
              .filter(entry -> isRoot(entry.connection()) && !entry.life().isOver());
      Run run = runs.get(state.getChainId());
      if (root.isEmpty()) {
        seen.addUnknown(state.getConnectionId());
      } else if (run != null && !run.busy && !run.stale) {
        onNews(run, caller, state, seen);
      } else if (run != null) {
        // What is under way may have asked this hop before.
        run.stale = true;
      }
    }
    return seen.build();
  }

  private void onNews(Run run, String caller, HopState state, HopNewsSeen.Builder seen) {
    Optional<Placed> its =
        run.hops.stream()
            .filter(hop -> hop.node().equals(caller))
            .filter(hop -> hop.reply().getConnectionId().equals(state.getConnectionId()))
            .findFirst();
    if (its.isEmpty()) {
      seen.addUnknown(state.getConnectionId());
      return;
    }
    HopReply known = its.get().reply();
    String leads =
        HopReports.leads(
            known.getEndpointNode(),
            known.getProvider(),
            known.getPrefix(),
            known.getPrefix6(),
            known.getRouteList());
    if (!state.getState().equals(known.getState()) || !state.getLeads().equals(leads)) {
      run.stale = true;
      connections.onTail(
          run.entry,
          new ChainTail(
              false,
              ChainHop.label(its.get().number(), run.entry.connection().hop().via())
                  + (state.getState().equals("up")
                      ? ": up, its routes follow"
                      : ": " + state.getState() + ": " + state.getReason()),
              views(run.entry.connection(), run.hops),
              List.of()));
      begin(run);
    }
  }

  private static List<ConnectionHop> views(Connection root, List<Placed> placed) {
    return placed.stream()
        .map(
            hop -> {
              HopReply reply = hop.reply();
              return new ConnectionHop(
                  hop.number(),
                  root.hop().via().get(hop.number() - 1),
                  reply.getConnectionId(),
                  PodRef.parse(reply.getClientPod()),
                  reply.getClientAddress(),
                  orNull(reply.getClientAddress6()),
                  reply.getProvider(),
                  reply.getEndpointNode(),
                  reply.getEndpointAddress(),
                  orNull(reply.getEndpointAddress6()),
                  reply.getState(),
                  orNull(reply.getReason()));
            })
        .toList();
  }

  private static String orNull(String text) {
    return text.isEmpty() ? null : text;
  }
}
