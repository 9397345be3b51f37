package dev.weft.nsm.connection;

import dev.weft.bus.Fault;
import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.ConnectionStatus;
import dev.weft.room.Backoff;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Instant;
import java.util.Optional;

/** A connection of this node and its life. Only the room's event loop touches it. */
public final class ConnectionEntry {
  private final Backoff backoff;
  private Connection connection;
  private ConnectionLife life;
  private boolean stood;

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
    this.told = stood ? status() : null;
  }

  public Connection connection() {
    return connection;
  }

  public ConnectionLife life() {
    return life;
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
    if (next.is(ConnectionLife.Phase.UP)) {
      backoff.succeeded();
    }
    settle();
  }

  private void settle() {
    if (up == null || !(life.is(ConnectionLife.Phase.UP) || life.isOver())) {
      return;
    }
    Promise<Void> settled = up;
    up = null;
    if (life.is(ConnectionLife.Phase.UP)) {
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
        c.service(),
        c.requestId(),
        c.client().node(),
        c.client().pod(),
        c.client().intf(),
        c.clientAddress().toString(),
        target.node(),
        target.namespace().isEmpty()
            ? target.provider()
            : target.namespace() + "/" + target.provider(),
        target.intf(),
        c.endpointAddress().toString(),
        c.allRoutes(),
        c.client().routing().unset(),
        c.link().carrier(),
        c.link().mtu(),
        life.state(),
        life.reason(),
        c.since());
  }
}
