package dev.weft.nsm;

import java.time.Instant;
import java.util.Objects;

/** A connection of this node and how it stands. Only the room's event loop touches it. */
final class ConnectionEntry {
  private Connection connection;
  private ConnectionState state;
  private String reason;
  private Instant changed;

  /** Something is being done to it: nobody else begins anything meanwhile. */
  boolean busy;

  /** When its endpoint was first seen to be gone; null while it is there. */
  Instant missing;

  ConnectionEntry(Connection connection, ConnectionState state, Instant now) {
    this.connection = connection;
    this.state = state;
    this.changed = now;
  }

  Connection connection() {
    return connection;
  }

  ConnectionState state() {
    return state;
  }

  /** When it came into this state. */
  Instant changed() {
    return changed;
  }

  void becomes(Connection next) {
    connection = next;
  }

  /** False if that is how it stood already. */
  boolean enter(ConnectionState next, String why, Instant now) {
    boolean same = state == next && Objects.equals(reason, why);
    if (state != next) {
      changed = now;
    }
    state = next;
    reason = why;
    return !same;
  }

  ConnectionStatus status() {
    return ConnectionStatus.of(connection, state, reason);
  }
}
