package dev.weft.nsm.client;

import dev.weft.address.Cidr;
import dev.weft.bus.Reason;
import dev.weft.nsm.ConnectionStatus;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.ConnectionLife.Phase;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.endpoint.Endpoints;
import dev.weft.nsm.peer.Halves;
import dev.weft.nsm.peer.HopPeers;
import dev.weft.nsm.proto.HopNews;
import dev.weft.nsm.proto.HopState;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the nodes of chains' clients what becomes of the hops that begin in pods of this node: when
 * it happens, and now and then all of them. A hop that is of no chain any more is ended.
 */
public final class HopReports {
  private static final Logger log = LoggerFactory.getLogger(HopReports.class);

  /**
   * What a hop depends on may be away this long, as while it heals or its node restarts; a new one
   * may be unknown as long.
   */
  private static final Duration GRACE = Duration.ofSeconds(15);

  private final String self;
  private final Connections connections;
  private final Endpoints endpoints;
  private final Halves halves;
  private final HopPeers peers;
  private final Clock clock;

  /** What was told last, by connection. */
  private final Map<String, HopState> told = new HashMap<>();

  /** Since when what a connection depends on is away. */
  private final Map<String, Instant> alone = new HashMap<>();

  public HopReports(
      String self,
      Connections connections,
      Endpoints endpoints,
      Halves halves,
      HopPeers peers,
      Clock clock) {
    this.self = self;
    this.connections = connections;
    this.endpoints = endpoints;
    this.halves = halves;
    this.peers = peers;
    this.clock = clock;
    connections.follow(this::onLife);
  }

  private void onLife(ConnectionEntry entry) {
    Connection c = entry.connection();
    if (!isHop(c)) {
      return;
    }
    HopState state = state(entry);
    HopState before = entry.life().is(Phase.ENDED) ? told.remove(c.id()) : told.put(c.id(), state);
    if (!state.equals(before)) {
      tell(c.hop().node(), HopNews.newBuilder().addHop(state).build());
    }
  }

  /** Tells all hops again, since news may have been lost. */
  public void renew() {
    Map<String, HopNews.Builder> byNode = new TreeMap<>();
    for (ConnectionEntry entry : hops()) {
      byNode
          .computeIfAbsent(entry.connection().hop().node(), node -> HopNews.newBuilder())
          .addHop(state(entry));
    }
    byNode.forEach((node, news) -> tell(node, news.build()));
  }

  private void tell(String node, HopNews news) {
    peers
        .tell(node, news)
        .onSuccess(
            seen ->
                seen.getUnknownList()
                    .forEach(
                        id ->
                            connections
                                .find(id)
                                .filter(entry -> isHop(entry.connection()))
                                .filter(entry -> !isNew(entry))
                                .ifPresent(
                                    entry -> halves.end(entry, "its chain leads over it no more"))))
        .onFailure(e -> log.debug("node {} not told of hops: {}", node, Reason.of(e)));
  }

  /** Ends the hops whose client is away, or whose pod is not on the way to them any more. */
  public void review() {
    List<ConnectionEntry> hops = hops();
    alone.keySet().removeIf(id -> connections.find(id).isEmpty());
    for (ConnectionEntry entry : hops) {
      Connection c = entry.connection();
      Optional<Connection> before =
          connections
              .find(c.hop().before())
              .map(ConnectionEntry::connection)
              .filter(b -> b.endpointAt(self));
      if (before.isPresent() && before.get().endpoint().identity() != c.client().identity()) {
        halves.end(entry, "the hop before it leads to another pod");
      } else if (before.isPresent() && endpoints.isHere(c.hop().node())) {
        alone.remove(c.id());
      } else if (alone
          .computeIfAbsent(c.id(), id -> clock.instant())
          .plus(GRACE)
          .isBefore(clock.instant())) {
        halves.end(
            entry, before.isPresent() ? "its client's node is gone" : "the hop before it is gone");
      }
    }
  }

  private List<ConnectionEntry> hops() {
    List<ConnectionEntry> hops = new ArrayList<>();
    for (ConnectionEntry entry : connections.all()) {
      if (isHop(entry.connection()) && !entry.life().isOver()) {
        hops.add(entry);
      }
    }
    return hops;
  }

  private boolean isHop(Connection c) {
    return c.hop() != null && !c.hop().isFirst() && c.clientAt(self);
  }

  private boolean isNew(ConnectionEntry entry) {
    return entry.connection().since().plus(GRACE).isAfter(clock.instant());
  }

  private static HopState state(ConnectionEntry entry) {
    Connection c = entry.connection();
    ConnectionStatus status = entry.status();
    HopState.Builder state =
        HopState.newBuilder()
            .setChainId(c.hop().root())
            .setConnectionId(c.id())
            .setHop(c.hop().number())
            .setState(status.state() == null ? "ended" : status.state().toString())
            .setLeads(
                leads(
                    status.endpointNode(),
                    status.provider(),
                    c.link().prefix(),
                    c.prefix6().map(Cidr::toString).orElse(""),
                    c.link().routes()));
    if (status.reason() != null) {
      state.setReason(status.reason());
    }
    return state.build();
  }

  /** Where a hop leads, as both nodes write it. */
  static String leads(
      String node, String provider, String prefix, String prefix6, List<String> routes) {
    return String.join(" ", node, provider, prefix, prefix6, String.join(" ", routes));
  }
}
