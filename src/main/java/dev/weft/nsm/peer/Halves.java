package dev.weft.nsm.peer;

import dev.weft.bus.Reason;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.UnsetRoute;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.ConnectionLife;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.Mechanisms;
import dev.weft.nsm.connection.NamespaceCache;
import dev.weft.nsm.endpoint.EndpointPods;
import dev.weft.room.RoomThread;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Joins and removes this node's halves of connections (the whole of a connection with both ends
 * here) and tells the other node. Work on one connection is done one after the other.
 */
public final class Halves {
  private static final Logger log = LoggerFactory.getLogger(Halves.class);

  private final String self;
  private final RoomThread thread;
  private final Connections connections;
  private final Mechanisms mechanisms;
  private final NamespaceCache namespaces;
  private final EndpointPods pods;
  private final PeerClient peers;
  private Function<ConnectionEntry, Future<Void>> beforeEnd = entry -> Future.succeededFuture();

  public Halves(
      String self,
      RoomThread thread,
      Connections connections,
      Mechanisms mechanisms,
      NamespaceCache namespaces,
      EndpointPods pods,
      PeerClient peers) {
    this.self = self;
    this.thread = thread;
    this.connections = connections;
    this.mechanisms = mechanisms;
    this.namespaces = namespaces;
    this.pods = pods;
    this.peers = peers;
  }

  /**
   * Has something done before the interfaces of a connection that ends are removed.
   *
   * @param first always succeeds, in bounded time
   */
  public void beforeEnd(Function<ConnectionEntry, Future<Void>> first) {
    beforeEnd = first;
  }

  /** Does something to a connection after all work on it that was asked for before. */
  public Future<Void> inOrder(ConnectionEntry entry, Supplier<Future<Void>> work) {
    return thread.inOrder(entry, work);
  }

  /**
   * Joins a connection for the first time; on a failure nothing of it is left.
   *
   * @param kept done once the connection is on disk
   */
  public Future<Void> establish(ConnectionEntry entry, Future<Void> kept) {
    Connection c = entry.connection();
    return inOrder(
            entry,
            () -> {
              // A veth need not wait for the disk: after a crash, one that is not on disk is
              // removed by the sweep at the node's start.
              Future<List<UnsetRoute>> joined =
                  c.link().carrier() == Mechanism.VETH
                      ? mechanisms.join(c)
                      : kept.compose(v -> mechanisms.join(c));
              return Future.join(kept, joined)
                  .onSuccess(both -> connections.joined(entry, joined.result()))
                  .mapEmpty();
            })
        .recover(e -> end(entry, Reason.of(e)).transform(done -> Future.failedFuture(e)));
  }

  /**
   * Ends a connection: removes its interfaces here, forgets it, and tells the endpoint's node.
   * Ending it again is the same end. A removal that fails is repeated by {@code ConnectionWatch}.
   */
  public Future<Void> end(ConnectionEntry entry, String reason) {
    connections.on(entry, (life, now) -> life.ending(reason, now).hastened(now));
    return inOrder(entry, () -> connections.holds(entry) ? remove(entry) : Future.succeededFuture())
        .onFailure(
            e ->
                log.warn("connection {} not ended yet: {}", entry.connection().id(), Reason.of(e)));
  }

  /** {@link #end} of a half whose endpoint or interface is gone, which its client's node heals. */
  public void lose(ConnectionEntry entry, String reason) {
    Connection c = entry.connection();
    end(entry, reason);
    peers.end(c.client().node(), c.id(), reason, true);
  }

  private Future<Void> remove(ConnectionEntry entry) {
    Connection c = entry.connection();
    connections.on(entry, ConnectionLife::begun);
    return beforeEnd
        .apply(entry)
        .compose(v -> mechanisms.part(c))
        .onFailure(e -> onNotRemoved(entry, e))
        .compose(
            v -> {
              if (!c.clientAt(self)) {
                namespaces.forget(c.endpoint().netns());
              }
              return connections.remove(entry);
            })
        .compose(v -> leave(c, entry.life().reason()))
        .compose(v -> pods.release(c));
  }

  private void onNotRemoved(ConnectionEntry entry, Throwable e) {
    Duration wait = entry.backoff().failed();
    connections.on(entry, (life, now) -> life.failed(Reason.of(e), wait, Duration.ZERO, now));
  }

  /** Removes the interfaces of a failed attempt to heal; the connection itself stays known. */
  public Future<Void> undo(Connection c) {
    var unused = leave(c, "it could not be joined");
    return mechanisms.part(c);
  }

  /** Tells the endpoint's node that the client's half is gone. */
  public Future<Void> leave(Connection c, String reason) {
    return !c.clientAt(self) || c.endpointAt(self)
        ? Future.succeededFuture()
        : peers.end(c.endpoint().node(), c.id(), reason, false);
  }
}
