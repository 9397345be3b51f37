package dev.weft.mesh.peer;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.Alarm;
import dev.weft.mesh.stream.PeerStream;
import io.netty.handler.codec.quic.QuicChannel;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** This node's own connections, one to each node that can be reached. On the mesh's loop. */
final class PeerDialler {
  private static final long CONFIGURE_SECONDS = 5;
  private static final long WANTED_SECONDS = 5;

  /** What the dialler tells. */
  interface Watcher {
    void up(long node);

    void down(long node, String reason);

    /** No route has led to the node for a while. */
    void forgotten(long node, String reason);
  }

  private final Peers.Ground ground;
  private final Watcher watcher;
  private final PeerTable table;
  private final Alarm alarm;
  private final Map<Long, DialledPeer> up = new HashMap<>();
  private final Map<Long, Promise<DialledPeer>> wanted = new HashMap<>();

  /** Why nobody is dialled any more; null as long as nodes are. */
  private WeftException ended;

  /** What this node exports, as each peer is told. */
  private List<String> services = List.of();

  PeerDialler(Peers.Ground ground, Watcher watcher) {
    this.ground = ground;
    this.watcher = watcher;
    this.table = new PeerTable(ground.random(), new Calls());
    this.alarm =
        new Alarm(ground.loop().netty(), table::deadline, () -> table.expire(System.nanoTime()));
  }

  PeerTable table() {
    return table;
  }

  /** Nodes whose connection is up. */
  Set<Long> up() {
    return up.keySet();
  }

  /** A connection that is up; null without one. */
  DialledPeer peer(long node) {
    return up.get(node);
  }

  void reachable(long node, boolean yes) {
    table.reachable(node, yes, System.nanoTime());
    settle();
  }

  private void settle() {
    if (ended == null) {
      alarm.check();
    }
  }

  /** The node has dialled this one. */
  void heard(long node) {
    table.heard(node, System.nanoTime());
    settle();
  }

  /** The node may have begun anew, and know nothing of the connection. */
  void suspect(long node) {
    DialledPeer peer = up.get(node);
    if (peer != null) {
      peer.probe();
    }
  }

  /** From now on this node exports these. */
  void describe(List<String> all) {
    services = all;
    up.values().forEach(peer -> peer.describe(all));
  }

  /** The connection to a node, once it is up; fails after 5 s, or without a route. */
  Future<DialledPeer> to(long node) {
    DialledPeer there = up.get(node);
    if (there != null) {
      return Future.succeededFuture(there);
    }
    if (ended != null) {
      return Future.failedFuture(ended);
    }
    PeerTable.Row row = table.row(node);
    if (row == null || !row.reachable()) {
      return Future.failedFuture(
          Fault.NOT_FOUND.because("node " + NodeId.text(node) + ": no route to it"));
    }
    table.wanted(node);
    return wanted.computeIfAbsent(node, this::waiting).future();
  }

  private Promise<DialledPeer> waiting(long node) {
    Promise<DialledPeer> peer = Promise.promise();
    var unused =
        ground
            .loop()
            .netty()
            .schedule(
                () -> {
                  if (wanted.remove(node, peer)) {
                    peer.fail(notUp(node));
                  }
                },
                WANTED_SECONDS,
                TimeUnit.SECONDS);
    return peer;
  }

  private WeftException notUp(long node) {
    PeerTable.Row row = table.row(node);
    return Fault.UNAVAILABLE.because(
        "node "
            + NodeId.text(node)
            + ": not connected within "
            + WANTED_SECONDS
            + " s"
            + (row == null || row.reason().isEmpty() ? "" : ": " + row.reason()));
  }

  void end(WeftException why) {
    ended = why;
    alarm.stop();
    List.copyOf(up.values()).forEach(peer -> peer.connection().close(why.getMessage()));
    List<Promise<DialledPeer>> waiting = List.copyOf(wanted.values());
    wanted.clear();
    waiting.forEach(peer -> peer.fail(why));
  }

  /** What the table wants. */
  private final class Calls implements PeerTable.Output {
    @Override
    public void dial(long node) {
      if (ended != null) {
        return;
      }
      Attempt attempt = new Attempt(node);
      ground
          .port()
          .dial(
              new NodeId(NodeId.text(node)),
              Peers.PROTOCOL,
              ground.loop(),
              (channel, loop) -> attempt.begin(channel))
          .compose(channel -> attempt.configure())
          .onComplete(attempt::done);
    }

    @Override
    public void probe(long node) {
      suspect(node);
    }

    @Override
    public void forget(long node, String reason) {
      Promise<DialledPeer> waiting = wanted.remove(node);
      if (waiting != null) {
        waiting.fail(Fault.NOT_FOUND.because("node " + NodeId.text(node) + ": " + reason));
      }
      DialledPeer peer = up.get(node);
      if (peer != null) {
        peer.connection().close(reason);
      }
      watcher.forgotten(node, reason);
    }
  }

  /** One attempt, and the connection that comes of it. */
  private final class Attempt implements PeerConnection.Watcher {
    private final long node;
    private PeerConnection connection;
    private DialledPeer peer;

    Attempt(long node) {
      this.node = node;
    }

    void begin(QuicChannel channel) {
      connection = new PeerConnection(channel, node, true, this);
      channel.pipeline().addLast(connection);
    }

    Future<Void> configure() {
      peer = new DialledPeer(connection);
      connection.later(
          CONFIGURE_SECONDS,
          () -> {
            if (up.get(node) != peer) {
              connection.close("no answer on stream 0 within " + CONFIGURE_SECONDS + " s");
            }
          });
      return peer.start();
    }

    void done(AsyncResult<Void> result) {
      long now = System.nanoTime();
      if (result.failed()) {
        String reason = WeftException.of(result.cause()).getMessage();
        if (connection != null) {
          connection.close(reason);
        }
        table.failed(node, reason, now);
      } else if (connection.closed()) {
        table.failed(node, connection.reason(), now);
      } else if (ended == null && table.connected(node, now)) {
        stands();
      } else {
        connection.close("no longer wanted");
      }
      settle();
    }

    private void stands() {
      up.put(node, peer);
      peer.describe(services);
      watcher.up(node);
      Promise<DialledPeer> waiting = wanted.remove(node);
      if (waiting != null) {
        waiting.complete(peer);
      }
    }

    @Override
    public void control(PeerConnection of, PeerStream stream) {
      of.close("stream 0: opened by the end that accepted (expected: by the other)");
    }

    @Override
    public void closed(PeerConnection ended, String reason) {
      if (peer == null) {
        return;
      }
      peer.end(Fault.UNAVAILABLE.because("node " + NodeId.text(node) + ": " + reason));
      if (up.remove(node, peer)) {
        table.ended(node, reason, System.nanoTime());
        settle();
        watcher.down(node, reason);
      }
    }
  }
}
