package dev.weft.nsm.connection;

import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.ConnectionStatus;
import java.time.Instant;
import java.util.Objects;

/** A connection of this node and how it stands. Only the room's event loop touches it. */
public final class ConnectionEntry {
  private Connection connection;
  private ConnectionState state;
  private String reason;
  private Instant changed;

  /** Something is being done to it: nobody else begins anything meanwhile. */
  public boolean busy;

  /** When its endpoint was first seen to be gone; null while it is there. */
  public Instant missing;

  public ConnectionEntry(Connection connection, ConnectionState state, Instant now) {
    this.connection = connection;
    this.state = state;
    this.changed = now;
  }

  public Connection connection() {
    return connection;
  }

  public ConnectionState state() {
    return state;
  }

  /** When it came into this state. */
  public Instant changed() {
    return changed;
  }

  public void becomes(Connection next) {
    connection = next;
  }

  /** False if that is how it stood already. */
  public boolean enter(ConnectionState next, String why, Instant now) {
    boolean same = state == next && Objects.equals(reason, why);
    if (state != next) {
      changed = now;
    }
    state = next;
    reason = why;
    return !same;
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
        c.link().carrier(),
        c.link().mtu(),
        state,
        reason,
        c.since());
  }
}
