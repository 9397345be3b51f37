package dev.weft.mesh.gate;

import dev.weft.address.StreamAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.ForwardConfig;
import dev.weft.mesh.stream.MeshSocket;
import dev.weft.rpc.socket.LocalSockets;
import dev.weft.rpc.socket.PipeTraffic;
import dev.weft.rpc.socket.SocketPump;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.vertx.core.Future;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A service of the mesh that is opened here: connects each client with it. */
final class LocalForward {
  /** Clients at most. */
  static final int MOST = 10_000;

  private final ForwardConfig config;
  private final GateOrigin origin;
  private final LocalSockets sockets;
  private final ServicePeers peers;
  private final PipeTraffic traffic;
  private final Set<SocketPump> open = new HashSet<>();
  private Optional<LocalSockets.Listening> listening = Optional.empty();
  private Runnable hide = () -> {};
  private boolean closed;

  LocalForward(
      ForwardConfig config,
      GateOrigin origin,
      LocalSockets sockets,
      ServicePeers peers,
      PipeTraffic traffic) {
    this.config = config;
    this.origin = origin;
    this.sockets = sockets;
    this.peers = peers;
    this.traffic = traffic;
  }

  ForwardConfig config() {
    return config;
  }

  GateOrigin origin() {
    return origin;
  }

  PipeTraffic traffic() {
    return traffic;
  }

  /** Where clients connect, with the port that was bound if it listens. */
  StreamAddress listen() {
    return listening.map(LocalSockets.Listening::address).orElse(config.listen());
  }

  /** The forward with the port that was bound. */
  ForwardConfig asOpened() {
    return new ForwardConfig(listen(), config.node(), config.service());
  }

  /**
   * It has meters from now on.
   *
   * @param removal removes them
   */
  void shown(Runnable removal) {
    hide = removal;
  }

  boolean listens() {
    return listening.isPresent();
  }

  /** Listens; fails with the reason, and may be tried again. */
  Future<Void> open() {
    return sockets
        .listen(config.listen(), this::accepted)
        .compose(
            opened -> {
              if (closed) {
                return opened.close();
              }
              listening = Optional.of(opened);
              traffic.recovers();
              return Future.succeededFuture();
            })
        .onFailure(e -> traffic.fails(e.getMessage()));
  }

  private void accepted(Channel client) {
    SocketPump pump = new SocketPump(traffic, open);
    client
        .pipeline()
        .addLast(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelActive(ChannelHandlerContext ctx) {
                ctx.fireChannelActive();
                ctx.pipeline().remove(this);
                serve(pump);
              }
            },
            pump);
  }

  private void serve(SocketPump pump) {
    if (closed || open.size() > MOST) {
      traffic.failed("more than " + MOST + " clients");
      pump.breakOff("");
      return;
    }
    connect()
        .onSuccess(end -> pump.begin(new MeshEnd(end)))
        .onFailure(
            e -> {
              traffic.failed(WeftException.of(e).getMessage());
              pump.breakOff("");
            });
  }

  private Future<MeshSocket> connect() {
    List<String> nodes = nodes();
    String service = config.service();
    if (nodes.isEmpty()) {
      return Future.failedFuture(
          Fault.NOT_FOUND.because(
              config.node().equals(ForwardConfig.ANY)
                  ? "service " + service + ": no node that is reached exports it"
                  : "node "
                      + config.node()
                      + ": no member of this name (expected: one, or an id)"));
    }
    if (nodes.size() > 1 && !config.node().equals(ForwardConfig.ANY)) {
      return Future.failedFuture(
          Fault.PRECONDITION.because(
              "node %s: %d members of this name (expected: one, or an id)"
                  .formatted(config.node(), nodes.size())));
    }
    return peers.connect(nodes.get(0), service);
  }

  private List<String> nodes() {
    return config.node().equals(ForwardConfig.ANY)
        ? peers.nearest(config.service())
        : config.node().matches("[0-9a-f]{16}")
            ? List.of(config.node())
            : peers.named(config.node());
  }

  /** Listens no more and breaks off all clients. */
  Future<Void> close() {
    closed = true;
    hide.run();
    Set.copyOf(open).forEach(pump -> pump.breakOff("forward closed"));
    return listening.map(LocalSockets.Listening::close).orElse(Future.succeededFuture());
  }

  MeshForward row() {
    return new MeshForward(
        listen().toString(), config.node(), config.service(), GateState.of(origin, traffic));
  }
}
