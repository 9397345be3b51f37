package dev.weft.mesh.link.kind;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.config.MeshConfig;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import dev.weft.rpc.socket.Acceptor;
import dev.weft.rpc.socket.Sockets;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ConnectTimeoutException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Links over TCP, inside TLS, also out through an HTTP proxy: then TLS goes through the proxy's
 * tunnel to the far end.
 */
public final class TcpKind implements LinkKind {
  private static final String SCHEME = "tcp";

  private final Vertx vertx;
  private final Supplier<Loop> loops;
  private final Identity identity;
  private LinkTls tls;

  /**
   * @param loops gives each link and listener its loop
   * @param identity what is shown to the other end, and what is asked of it
   */
  public TcpKind(Vertx vertx, Supplier<Loop> loops, Identity identity) {
    this.vertx = vertx;
    this.loops = loops;
    this.identity = identity;
  }

  @Override
  public String scheme() {
    return SCHEME;
  }

  private synchronized LinkTls tls() {
    if (tls == null) {
      tls = new LinkTls(identity);
    }
    return tls;
  }

  @Override
  public Future<Transport> dial(MeshConfig.Link link) {
    Optional<HostPort> to = link.to().hostPort().filter(at -> at.port() > 0);
    if (to.isEmpty()) {
      return Future.failedFuture(Fault.invalid("link", link.to(), "tcp://host:port"));
    }
    HostPort first = link.proxy().orElse(to.get());
    Loop loop = loops.get();
    Future<Transport> dialled =
        addresses(first.host())
            .compose(
                all -> loop.call(() -> dial(link, to.get(), all, 0, loop)),
                e -> Future.failedFuture(unavailable(link, e)));
    return Loop.home(vertx, dialled.recover(e -> Future.failedFuture(named(link, e))));
  }

  /** Each address in turn, as long as nobody answers. */
  private Future<Transport> dial(
      MeshConfig.Link link, HostPort to, List<InetAddress> addresses, int i, Loop loop) {
    Optional<ConnectTunnel> tunnel = link.proxy().map(proxy -> new ConnectTunnel(proxy, to));
    HostPort first = link.proxy().orElse(to);
    ChannelBytes bytes = new ChannelBytes(loop);
    return Sockets.connect(
            loop, new InetSocketAddress(addresses.get(i), first.port()), handlers(tunnel, bytes))
        .compose(
            channel ->
                tunnel
                    .map(ConnectTunnel::established)
                    .orElse(Future.succeededFuture())
                    .compose(v -> tls().connect(channel, nameOf(link, to), to.port()))
                    .map(node -> transport(farEnd(link, to, channel, node), bytes))
                    .onFailure(e -> Sockets.close(channel)),
            e ->
                i + 1 < addresses.size()
                    ? dial(link, to, addresses, i + 1, loop)
                    : Future.failedFuture(unavailable(link, e)));
  }

  private static ChannelHandler handlers(Optional<ConnectTunnel> tunnel, ChannelBytes bytes) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        tunnel.ifPresent(channel.pipeline()::addLast);
        channel.pipeline().addLast(bytes);
      }
    };
  }

  private static String nameOf(MeshConfig.Link link, HostPort to) {
    return link.node().map(id -> new NodeId(id).host()).orElse(to.host());
  }

  private FarEnd farEnd(MeshConfig.Link link, HostPort to, Channel channel, NodeId node) {
    return link.proxy()
        // The address that is seen is the proxy's, which says nothing of the node.
        .map(proxy -> farEnd(to + " through " + proxy, "", node))
        .orElseGet(() -> farEnd(to.toString(), address(channel), node));
  }

  private FarEnd farEnd(String remote, String seenFrom, NodeId node) {
    return new FarEnd(SCHEME, remote, seenFrom, Optional.of(node), identity.linkProof());
  }

  private static Transport transport(FarEnd farEnd, ChannelBytes bytes) {
    return new StreamTransport(farEnd, bytes);
  }

  private Future<List<InetAddress>> addresses(String host) {
    return vertx.executeBlocking(() -> List.of(InetAddress.getAllByName(host)), false);
  }

  private static String address(Channel channel) {
    return HostPort.of((InetSocketAddress) channel.remoteAddress()).toString();
  }

  private static WeftException unavailable(MeshConfig.Link link, Throwable e) {
    String reason =
        e instanceof UnknownHostException
            ? "no such host"
            : e instanceof ConnectTimeoutException
                ? "no connection within " + Sockets.STEP_SECONDS + " s"
                : e instanceof ConnectException && e.getMessage().contains("refused")
                    ? "connection refused"
                    : Reason.of(e);
    String where = link.proxy().map(proxy -> "proxy " + proxy + ": ").orElse("");
    return Fault.UNAVAILABLE.because(where + reason, e);
  }

  private static WeftException named(MeshConfig.Link link, Throwable e) {
    WeftException known = WeftException.of(e);
    return known.fault().because(link.to() + ": " + known.getMessage(), e);
  }

  @Override
  public Future<Listening> listen(String address, Consumer<Transport> accepted) {
    Optional<HostPort> at = HostPort.parse(address, -1);
    if (at.isEmpty()) {
      return Future.failedFuture(Fault.invalid("listen", address, "address:port"));
    }
    Handshakes handshakes = new Handshakes(tls(), SCHEME + "://" + at.get());
    Acceptor acceptor =
        new Acceptor(
            loops,
            (channel, loop) ->
                handshakes.begin(
                    channel,
                    new ChannelBytes(loop),
                    (node, bytes) -> {
                      String peer = address(channel);
                      accepted.accept(transport(farEnd(peer, peer, node), bytes));
                    }));
    Future<Listening> listening =
        addresses(at.get().host())
            .compose(
                all ->
                    Sockets.listen(
                        loops.get(), new InetSocketAddress(all.get(0), at.get().port()), acceptor))
            .map(channel -> (Listening) new ChannelListening(channel, boundTo(channel)))
            .recover(
                e ->
                    Future.failedFuture(
                        Fault.UNAVAILABLE.because(
                            "cannot listen on " + SCHEME + "://" + at.get() + ": " + Reason.of(e),
                            e)));
    return Loop.home(vertx, listening);
  }

  private static String boundTo(Channel channel) {
    return SCHEME + "://" + HostPort.of((InetSocketAddress) channel.localAddress());
  }
}
