package dev.weft.nsm.client;

import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.ConnectionLife;
import dev.weft.nsm.connection.ConnectionLife.Phase;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.Mechanisms;
import dev.weft.nsm.peer.Halves;
import dev.weft.room.RoomContext;
import dev.weft.wire.WireChanged;
import dev.weft.wire.WireState;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Heals connections that lost their endpoint or an interface. A connection whose client is on this
 * node is given another endpoint, attempt after attempt with back-off until {@code nsm.heal} is
 * over, and then ended. Of any other connection this node removes its half and tells the client's
 * node.
 */
public final class Healer {
  /**
   * Attempts under way. A thousand at once would all take longer than their endpoints' nodes wait.
   */
  private static final int AT_ONCE = 32;

  private final RoomContext room;
  private final Vertx vertx;
  private final Duration patience;
  private final Connections connections;
  private final Connector connector;
  private final Mechanisms mechanisms;
  private final Halves halves;
  private final Set<String> wiresUp = new HashSet<>();
  private final HealQueue<ConnectionEntry> queue = new HealQueue<>(AT_ONCE, this::heal);

  /** When a connection healed last, by service, within the time that counts. */
  private final Map<String, Instant> healed = new HashMap<>();

  private boolean stopped;

  /**
   * @param patience {@code nsm.heal}: the time for all attempts on one connection
   */
  public Healer(
      RoomContext room,
      Vertx vertx,
      Duration patience,
      Connections connections,
      Connector connector,
      Mechanisms mechanisms,
      Halves halves) {
    this.room = room;
    this.vertx = vertx;
    this.patience = patience;
    this.connections = connections;
    this.connector = connector;
    this.mechanisms = mechanisms;
    this.halves = halves;
  }

  /** Nothing is healed or ended from now on. */
  public void stop() {
    stopped = true;
  }

  /** The endpoint or an interface of a connection is gone. */
  public void lost(ConnectionEntry entry, String reason) {
    if (stopped || !entry.life().stands()) {
      return;
    }
    if (!entry.connection().clientAt(room.self())) {
      halves.lose(entry, reason);
    } else if (patience.isZero()) {
      halves.end(entry, reason);
    } else {
      connections.on(entry, (life, now) -> life.lost(reason, now));
      attempt(entry);
    }
  }

  /** The other end's node or endpoint is away, perhaps for a moment only. */
  void absent(ConnectionEntry entry, String reason, Duration grace) {
    ConnectionLife away = entry.life().absent(reason, grace, room.clock().instant());
    if (away.stands()) {
      connections.on(entry, (life, now) -> away);
    } else {
      lost(entry, reason);
    }
  }

  /** The other node's half is gone. */
  public void onEnded(ConnectionEntry entry, String reason, boolean heal) {
    if (heal && entry.connection().clientAt(room.self())) {
      lost(entry, reason);
    } else {
      end(entry, reason);
    }
  }

  /** The path of a connection is dead; its endpoint is asked again after all others. */
  void leave(ConnectionEntry entry, String reason) {
    if (!patience.isZero()) {
      connector.avoid(entry.connection());
      lost(entry, reason);
    }
  }

  /** A wire of this node came up, went down, or was removed. */
  public void onWire(WireChanged change) {
    mechanisms.onWire(change);
    if (change.state() == WireState.UP) {
      wiresUp.add(change.id());
    } else {
      wiresUp.remove(change.id());
    }
    connections
        .ofWire(change.id())
        .ifPresent(entry -> onWire(entry, change.state(), change.reason()));
  }

  /**
   * The wire of a connection has this state.
   *
   * @param state null if there is none
   * @param reason why it is not up; null if it is
   */
  void onWire(ConnectionEntry entry, WireState state, String reason) {
    if (state == null) {
      lost(entry, "its wire was removed");
    } else if (state != WireState.UP) {
      connections.on(entry, (life, now) -> life.wayDown("wire " + state + ": " + reason, now));
    } else if (!entry.connection().clientAt(room.self()) || !entry.life().is(Phase.DOWN)) {
      connections.on(entry, ConnectionLife::wayUp);
    } else {
      // The wire room may have created the interface anew, which removed the routes.
      Connection c = entry.connection();
      mechanisms
          .route(c)
          .onSuccess(
              unset -> {
                connections.routed(entry, unset);
                if (wiresUp.contains(c.wireId())) {
                  connections.on(entry, ConnectionLife::wayUp);
                }
              })
          .onFailure(e -> lost(entry, "its routes: " + WeftException.of(e).getMessage()));
    }
  }

  /** Begins the attempt that is due, to heal or to end. */
  void attempt(ConnectionEntry entry) {
    if (stopped || !entry.life().due(room.clock().instant())) {
      return;
    }
    if (entry.life().is(Phase.ENDING)) {
      connections.on(entry, ConnectionLife::begun);
      halves.end(entry, entry.life().reason());
    } else {
      queue.add(entry);
    }
  }

  /** Makes the attempt to heal whose turn has come, unless there is nothing to heal any more. */
  private Future<?> heal(ConnectionEntry entry) {
    if (stopped || !entry.life().is(Phase.LOST)) {
      return Future.succeededFuture();
    }
    connections.on(entry, ConnectionLife::begun);
    seeOthers(entry);
    Instant end = entry.life().healed().plus(patience);
    return halves
        .inOrder(entry, () -> connector.heal(entry, end))
        .onSuccess(v -> onHealed(entry))
        .onFailure(e -> onNotHealed(entry, Reason.of(e)));
  }

  private void onHealed(ConnectionEntry entry) {
    Instant now = room.clock().instant();
    healed.values().removeIf(at -> at.plus(patience).isBefore(now));
    healed.put(entry.connection().service(), now);
  }

  private void seeOthers(ConnectionEntry entry) {
    Instant other = healed.get(entry.connection().service());
    if (other != null) {
      connections.on(entry, (life, now) -> life.outlasted(other));
    }
  }

  private void onNotHealed(ConnectionEntry entry, String why) {
    seeOthers(entry);
    Duration wait = entry.backoff().failed();
    connections.on(entry, (life, now) -> life.failed(why, wait, patience, now));
    if (entry.life().is(Phase.LOST)) {
      vertx.setTimer(wait.toMillis() + 1, id -> attempt(entry));
    } else {
      attempt(entry);
    }
  }

  void end(ConnectionEntry entry, String reason) {
    if (!stopped && !entry.life().isOver()) {
      halves.end(entry, reason);
    }
  }
}
