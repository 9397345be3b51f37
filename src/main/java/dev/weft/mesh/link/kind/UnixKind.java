package dev.weft.mesh.link.kind;

import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.config.MeshConfig;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import dev.weft.rpc.UnixPeer;
import dev.weft.rpc.UnixServerSocket;
import dev.weft.rpc.socket.Acceptor;
import dev.weft.rpc.socket.Sockets;
import io.netty.channel.Channel;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.FileNotFoundException;
import java.net.ConnectException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Links over a Unix socket of mode 0600, with processes of this host. They prove nothing. */
public final class UnixKind implements LinkKind {
  private static final String SCHEME = "unix";

  private final Vertx vertx;
  private final Supplier<Loop> loops;

  /**
   * @param loops gives each link and listener its loop
   */
  public UnixKind(Vertx vertx, Supplier<Loop> loops) {
    this.vertx = vertx;
    this.loops = loops;
  }

  @Override
  public String scheme() {
    return SCHEME;
  }

  @Override
  public Future<Transport> dial(MeshConfig.Link link) {
    String path = link.to().rest();
    Loop loop = loops.get();
    Future<Transport> dialled =
        loop.call(
            () -> {
              ChannelBytes bytes = new ChannelBytes(loop);
              return Sockets.connect(loop, path, bytes).map(connected -> transport(path, bytes));
            });
    return Loop.home(
        vertx,
        dialled.recover(
            e -> Future.failedFuture(Fault.UNAVAILABLE.because(link.to() + ": " + reason(e), e))));
  }

  /**
   * Listens on a socket that is made at a path, in place of one that nobody serves.
   *
   * @return CONFLICT if a program serves it; INVALID for a path in no directory, or of another file
   */
  @Override
  public Future<Listening> listen(String address, Consumer<Transport> accepted) {
    Path path = Path.of(address).toAbsolutePath();
    UnixServerSocket socket =
        new UnixServerSocket(vertx, SCHEME + ":" + address, path, path.getParent());
    AtomicReference<Channel> server = new AtomicReference<>();
    Acceptor acceptor =
        new Acceptor(loops, (channel, loop) -> begin(address, channel, loop, accepted));
    return Loop.home(
        vertx,
        socket
            .listen(bound -> Sockets.listen(loops.get(), bound, acceptor).onSuccess(server::set))
            .map(v -> (Listening) new SocketListening(SCHEME + ":" + path, server.get(), socket))
            .recover(
                e -> {
                  // It may listen already, where nobody finds it.
                  Optional.ofNullable(server.get()).ifPresent(Sockets::close);
                  return Future.failedFuture(unavailable(address, e));
                }));
  }

  private static String reason(Throwable e) {
    // As epoll's channels say it; NIO's messages are clear.
    return e instanceof FileNotFoundException
        ? "no such socket"
        : e instanceof ConnectException ? "nobody serves it" : Reason.of(e);
  }

  private static WeftException unavailable(String address, Throwable e) {
    return e instanceof WeftException known
        ? known
        : Fault.UNAVAILABLE.because(
            "cannot listen on " + SCHEME + ":" + address + ": " + Reason.of(e), e);
  }

  private record SocketListening(String address, Channel channel, UnixServerSocket socket)
      implements Listening {
    @Override
    public Future<Void> close() {
      return new ChannelListening(channel, address).close().eventually(socket::remove);
    }
  }

  private static void begin(String path, Channel channel, Loop loop, Consumer<Transport> accepted) {
    ChannelBytes bytes = new ChannelBytes(loop);
    channel
        .pipeline()
        .addLast(
            new OnceActive(() -> accepted.accept(transport(path + peer(channel), bytes))), bytes);
  }

  private static String peer(Channel channel) {
    try {
      return " (" + UnixPeer.of(channel) + ")";
    } catch (WeftException unknown) {
      return "";
    }
  }

  private static Transport transport(String remote, ChannelBytes bytes) {
    return new StreamTransport(FarEnd.unproven(SCHEME, remote), bytes);
  }
}
