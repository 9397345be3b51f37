package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.nsm.ChainPlace;
import dev.weft.nsm.ConnectionHop;
import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.ConnectionStatus;
import dev.weft.nsm.UnsetRoute;
import dev.weft.room.Backoff;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A connection of this node and its life. Only the room's event loop touches it. */
public final class ConnectionEntry {
  private final Backoff backoff;
  private Connection connection;
  private ConnectionLife life;
  private boolean stood;

  /** What lies behind the first hop of a chain; null for any other connection. */
  private ChainTail tail;

  /** As it was when it was last told to be up; null before. */
  private ConnectionStatus told;

  private Promise<Void> up;

  /** Null if it was read from disk. */
  private Instant agreed;

  /**
   * @param agreed when client and endpoint agreed on it; null if it was read from disk
   */
  ConnectionEntry(Connection connection, ConnectionLife life, Backoff backoff, Instant agreed) {
    this.connection = connection;
    this.life = life;
    this.backoff = backoff;
    this.agreed = agreed;
    this.stood = life.stands();
    if (connection.hop() != null && connection.hop().isFirst() && !connection.hop().isLast()) {
      tail = stood ? ChainTail.restored() : ChainTail.begun();
    }
    this.told = stood ? status() : null;
  }

  public Connection connection() {
    return connection;
  }

  public ConnectionLife life() {
    return life;
  }

  /** Whether frames cross, of a chain all the way. */
  public boolean isUp() {
    return life.is(ConnectionLife.Phase.UP) && (tail == null || tail.up());
  }

  /** What is published of it: of a chain what all hops are; null once it ended. */
  public ConnectionState state() {
    return life.state() != ConnectionState.UP || isUp()
        ? life.state()
        : told == null ? ConnectionState.JOINING : ConnectionState.HEALING;
  }

  /** Why it is not up; null if it is. */
  public String reason() {
    return life.state() == ConnectionState.UP && !isUp() ? tail.reason() : life.reason();
  }

  /** Whether it is the first hop of a chain: what a client asked for. */
  boolean isOfChain() {
    return tail != null;
  }

  void leadsTo(ChainTail next) {
    tail = next;
    settle();
  }

  /** Whether it was ever told to be up. */
  public boolean wasUp() {
    return told != null;
  }

  boolean isTailUnseen() {
    return tail != null && tail.isUnseen();
  }

  /** Whether it is up and leads elsewhere than it was told to. */
  boolean isElsewhere() {
    return isUp() && told != null && !told.leadsAs(status());
  }

  /** How long attempts to heal or to end it wait for each other. */
  public Backoff backoff() {
    return backoff;
  }

  /**
   * When client and endpoint agreed on what it is now; empty if that was before this node's start.
   */
  public Optional<Instant> agreed() {
    return Optional.ofNullable(agreed);
  }

  /** Whether it ever stood, so that others know of it. */
  boolean stood() {
    return stood;
  }

  /** Succeeds when it is up, at once if it is; UNAVAILABLE with the reason when it ends. */
  public Future<Void> up() {
    if (up == null) {
      up = Promise.promise();
    }
    Promise<Void> asked = up;
    settle();
    return asked.future();
  }

  void becomes(Connection next) {
    connection = next;
  }

  /** Client and another endpoint agreed. */
  void moves(Connection next, Instant now) {
    connection = next;
    agreed = now;
  }

  void lives(ConnectionLife next) {
    life = next;
    stood |= next.stands();
    if (tail != null && tail.up() && !next.is(ConnectionLife.Phase.UP)) {
      // The first hop may come back to another pod.
      tail = tail.waiting();
    }
    if (next.is(ConnectionLife.Phase.UP)) {
      backoff.succeeded();
    }
    settle();
  }

  private void settle() {
    if (up == null || !(isUp() || life.isOver())) {
      return;
    }
    Promise<Void> settled = up;
    up = null;
    if (isUp()) {
      settled.complete();
    } else {
      settled.fail(Fault.UNAVAILABLE.because(life.reason()));
    }
  }

  /** Whether it is up otherwise than it was told to be before; it is told now. */
  boolean movedTo(ConnectionStatus now) {
    if (now.state() != ConnectionState.UP) {
      return false;
    }
    ConnectionStatus before = told;
    told = now;
    return before != null && !before.leadsAs(now);
  }

  public ConnectionStatus status() {
    Connection c = connection;
    Connection.Target target = c.endpoint();
    return new ConnectionStatus(
        c.id(),
        c.askedFor(),
        c.requestId(),
        c.client().node(),
        c.client().pod(),
        c.client().intf(),
        c.clientAddress().toString(),
        c.clientAddress6().map(Cidr::toString).orElse(null),
        target.node(),
        provider(),
        target.intf(),
        c.endpointAddress().toString(),
        c.endpointAddress6().map(Cidr::toString).orElse(null),
        routes(),
        unset(),
        c.link().carrier(),
        c.link().mtu(),
        state(),
        reason(),
        c.since(),
        c.hop() == null ? null : place(c.hop()),
        hops());
  }

  private static ChainPlace place(ChainHop hop) {
    return new ChainPlace(hop.root(), hop.service(), hop.number(), hop.via().size());
  }

  private List<String> routes() {
    List<String> set = connection.allRoutes();
    if (connection.hop() == null) {
      return set;
    }
    List<String> unset = unset().stream().map(UnsetRoute::route).toList();
    return connection.hop().reached(set).stream().filter(r -> !unset.contains(r)).toList();
  }

  private List<UnsetRoute> unset() {
    List<UnsetRoute> unset = connection.client().routing().unset();
    return tail == null
        ? unset
        : Stream.concat(unset.stream(), tail.unset().stream()).distinct().toList();
  }

  private List<ConnectionHop> hops() {
    ChainHop hop = connection.hop();
    if (hop == null || !hop.isFirst()) {
      return List.of();
    }
    List<ConnectionHop> hops = new ArrayList<>();
    ConnectionState state = life.state();
    hops.add(
        new ConnectionHop(
            1,
            connection.service(),
            connection.id(),
            connection.client().pod(),
            connection.clientAddress().toString(),
            connection.clientAddress6().map(Cidr::toString).orElse(null),
            provider(),
            connection.endpoint().node(),
            connection.endpointAddress().toString(),
            connection.endpointAddress6().map(Cidr::toString).orElse(null),
            state == null ? "ended" : state.toString(),
            life.reason()));
    if (tail != null) {
      hops.addAll(tail.hops());
    }
    return hops;
  }

  private String provider() {
    Connection.Target target = connection.endpoint();
    return target.namespace().isEmpty()
        ? target.provider()
        : target.namespace() + "/" + target.provider();
  }
}
