package dev.weft.mesh.peer;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import dev.weft.mesh.proto.ConnectToService;
import dev.weft.mesh.proto.ObjectRef;
import dev.weft.mesh.proto.OpenTransfer;
import dev.weft.mesh.proto.PeerMessage;
import dev.weft.mesh.proto.StreamRef;
import dev.weft.mesh.stream.MeshObject;
import dev.weft.mesh.stream.PeerStream;
import dev.weft.mesh.stream.Proxies;
import dev.weft.reach.PeerPort;
import io.netty.handler.codec.quic.QuicChannel;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The connections that peers have dialled, and what is asked there. On the mesh's loop. */
final class PeerAcceptor implements PeerConnection.Watcher {
  private static final long BEGIN_SECONDS = 5;
  private static final long PROVIDE_SECONDS = 5;

  /** What the acceptor tells. */
  interface Watcher {
    /** A node has dialled. */
    void heard(long node);

    /** A node has dialled again, and may have begun anew. */
    void replaced(long node);

    /** A node exports other services than before. */
    void described(long node);
  }

  private final Services services;
  private final Proxies proxies;
  private final Watcher watcher;
  private final Map<Long, AcceptedPeer> peers = new HashMap<>();

  /** Why nobody is accepted any more; null as long as nodes are. */
  private WeftException ended;

  PeerAcceptor(Services services, Proxies proxies, Watcher watcher) {
    this.services = services;
    this.proxies = proxies;
    this.watcher = watcher;
  }

  /** A connection that somebody has begun. */
  void begin(QuicChannel channel) {
    long node = PeerPort.nodeOf(channel).number();
    channel.pipeline().addLast(new PeerConnection(channel, node, false, this));
  }

  /** The connection of a node; null without one. */
  AcceptedPeer peer(long node) {
    return peers.get(node);
  }

  /** What a node says that it exports, sorted. */
  List<String> services(long node) {
    AcceptedPeer peer = peers.get(node);
    return peer == null ? List.of() : peer.services();
  }

  /** Closes the connection of a node, if there is one. */
  void close(long node, String reason) {
    AcceptedPeer peer = peers.get(node);
    if (peer != null) {
      peer.connection().close(reason);
    }
  }

  void end(WeftException why) {
    ended = why;
    List.copyOf(peers.values()).forEach(peer -> peer.connection().close(why.getMessage()));
  }

  @Override
  public void proven(PeerConnection connection) {
    if (ended != null) {
      connection.close(ended.getMessage());
      return;
    }
    long node = connection.node();
    AcceptedPeer before = peers.put(node, new AcceptedPeer(connection, this::work));
    connection.later(
        BEGIN_SECONDS,
        () -> {
          AcceptedPeer peer = peers.get(node);
          if (peer != null && peer.connection() == connection && !peer.begun()) {
            connection.close("no stream 0 within " + BEGIN_SECONDS + " s");
          }
        });
    if (before != null) {
      before.connection().close("replaced by a newer connection");
      watcher.replaced(node);
    }
    watcher.heard(node);
  }

  @Override
  public void control(PeerConnection connection, PeerStream stream) {
    AcceptedPeer peer = peers.get(connection.node());
    if (peer != null && peer.connection() == connection) {
      peer.control(stream);
    }
  }

  @Override
  public void closed(PeerConnection connection, String reason) {
    AcceptedPeer peer = peers.get(connection.node());
    if (peer != null && peer.connection() == connection) {
      peers.remove(connection.node());
      peer.end();
      watcher.described(connection.node());
    }
  }

  private Future<Void> work(AcceptedPeer from, PeerMessage message) {
    return switch (message.getMessageCase()) {
      case CONNECT_TO_SERVICE -> connect(from.connection(), message.getConnectToService());
      case UPDATE_NODE_DESCRIPTION -> {
        List<String> all =
            message.getUpdateNodeDescription().getServicesList().stream().sorted().toList();
        Services.checkList(all);
        if (!all.equals(from.services())) {
          from.services(all);
          watcher.described(from.connection().node());
        }
        yield Future.succeededFuture();
      }
      case OPEN_TRANSFER -> open(from.connection(), message.getOpenTransfer());
      case MESSAGE_NOT_SET -> throw Fault.INVALID.because("message: none that this version knows");
    };
  }

  private Future<Void> open(PeerConnection from, OpenTransfer transfer) {
    try {
      proxies.openTransfer(from, transfer.getStream(), transfer.getTransferKey().toByteArray());
      return Future.succeededFuture();
    } catch (WeftException e) {
      refuse(from, transfer.getStream());
      throw e;
    }
  }

  private Future<Void> connect(PeerConnection from, ConnectToService wanted) {
    Services.Export export;
    MeshObject end;
    try {
      export =
          services.find(wanted.getName(), wanted.getOptions().getKind(), NodeId.text(from.node()));
      end =
          proxies.receive(
              ObjectRef.newBuilder()
                  .setKind(export.kind())
                  .setStream(StreamRef.newBuilder().setCreating(wanted.getStream()))
                  .build(),
              from);
    } catch (WeftException e) {
      refuse(from, wanted.getStream());
      throw e;
    }
    Promise<Void> taken = Promise.promise();
    // compose() also catches what the provider throws.
    Future.<Void>succeededFuture()
        .compose(v -> export.provider().connect(NodeId.text(from.node()), end))
        .onComplete(done -> settle(taken, done.cause()));
    from.later(
        PROVIDE_SECONDS,
        () ->
            settle(
                taken,
                Fault.TIMEOUT.because(
                    "service: "
                        + export.name()
                        + ": not provided within "
                        + PROVIDE_SECONDS
                        + " s")));
    return taken.future().onFailure(e -> end.close(WeftException.of(e).getMessage()));
  }

  private static void settle(Promise<Void> taken, Throwable failure) {
    if (failure == null) {
      taken.tryComplete();
    } else {
      taken.tryFail(failure);
    }
  }

  /** The stream that the sender has opened already is no use to it. */
  private static void refuse(PeerConnection from, long stream) {
    var unused = from.accepted(stream).onSuccess(PeerStream::reset);
  }
}
