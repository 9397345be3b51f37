package dev.weft.rpc.socket;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.address.StreamAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.rpc.Loop;
import dev.weft.rpc.UnixServerSocket;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.FileNotFoundException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Dials servers and listens for clients, on one loop. */
public final class LocalSockets {
  /** A listener that stands until it is closed. */
  public interface Listening {
    /** With the port that was bound. */
    StreamAddress address();

    Future<Void> close();
  }

  private final Vertx vertx;
  private final Loop loop;

  public LocalSockets(Vertx vertx, Loop loop) {
    this.vertx = vertx;
    this.loop =
        loop.netty() instanceof IoEventLoop io && io.isIoType(EpollIoHandler.class)
            ? new Loop(loop.context(), new HalfCloseLoop(io))
            : loop;
  }

  /**
   * Connects to a server.
   *
   * @param handlers gives each attempt its handler
   * @return UNAVAILABLE with the address and the reason if nobody answers within 5 s
   */
  public <H extends ChannelHandler> Future<H> connect(StreamAddress to, Supplier<H> handlers) {
    return to.tcp()
        .map(at -> addresses(at.host()).compose(all -> connect(at, all, 0, handlers)))
        .orElseGet(
            () -> {
              H handler = handlers.get();
              return Sockets.connect(loop, to.path().toString(), handler).map(handler);
            })
        .recover(e -> Future.failedFuture(unavailable(to, e)));
  }

  /** Each address in turn, as long as nobody answers. */
  private <H extends ChannelHandler> Future<H> connect(
      HostPort to, List<InetAddress> addresses, int i, Supplier<H> handlers) {
    H handler = handlers.get();
    return Sockets.connect(loop, new InetSocketAddress(addresses.get(i), to.port()), handler)
        .map(handler)
        .recover(
            e ->
                i + 1 < addresses.size()
                    ? connect(to, addresses, i + 1, handlers)
                    : Future.failedFuture(e));
  }

  private Future<List<InetAddress>> addresses(String host) {
    Optional<InetAddress> literal = IpAddress.find(host);
    return literal.isPresent()
        ? Future.succeededFuture(List.of(literal.get()))
        : home(vertx.executeBlocking(() -> List.of(InetAddress.getAllByName(host)), false));
  }

  /**
   * Listens for clients.
   *
   * @param accepted gets each client before it is registered; adds its handlers
   * @return CONFLICT for a place that is taken; INVALID for one that cannot be listened on
   */
  public Future<Listening> listen(StreamAddress at, Consumer<Channel> accepted) {
    Acceptor acceptor = new Acceptor(() -> loop, (channel, same) -> accepted.accept(channel));
    return home(
        at.tcp()
            .map(tcp -> listen(tcp, acceptor))
            .orElseGet(() -> listen(at.path(), acceptor))
            .recover(e -> Future.failedFuture(refused(at, e))));
  }

  private Future<Listening> listen(HostPort at, Acceptor acceptor) {
    return Sockets.listen(
            loop,
            new InetSocketAddress(IpAddress.find(at.host()).orElseThrow(), at.port()),
            acceptor)
        .map(
            server ->
                new Bound(
                    StreamAddress.of(HostPort.of((InetSocketAddress) server.localAddress())),
                    server,
                    Future::succeededFuture));
  }

  private Future<Listening> listen(Path path, Acceptor acceptor) {
    UnixServerSocket socket = new UnixServerSocket(vertx, "unix:" + path, path, path.getParent());
    AtomicReference<Channel> server = new AtomicReference<>();
    return socket
        .listen(bound -> Sockets.listen(loop, bound, acceptor).onSuccess(server::set))
        .map(
            v ->
                (Listening)
                    new Bound(
                        new StreamAddress(Optional.empty(), path), server.get(), socket::remove))
        // It may listen already, where nobody finds it.
        .onFailure(e -> Optional.ofNullable(server.get()).ifPresent(Sockets::close));
  }

  private record Bound(StreamAddress address, Channel server, Supplier<Future<Void>> remove)
      implements Listening {
    @Override
    public Future<Void> close() {
      Promise<Void> closed = Promise.promise();
      server.close().addListener(done -> closed.complete());
      return closed.future().eventually(remove);
    }
  }

  private <T> Future<T> home(Future<T> away) {
    return loop.call(() -> away);
  }

  private static WeftException unavailable(StreamAddress to, Throwable e) {
    if (e instanceof ConnectTimeoutException) {
      return Fault.TIMEOUT.because(to + ": no connection within " + Sockets.STEP_SECONDS + " s", e);
    }
    String reason =
        e instanceof UnknownHostException
            ? "no such host"
            : e instanceof FileNotFoundException || text(e).contains("No such file")
                ? "no such socket"
                : e instanceof ConnectException && text(e).contains("refused")
                    ? "connection refused"
                    : Reason.of(e);
    return Fault.UNAVAILABLE.because(to + ": " + reason, e);
  }

  private static WeftException refused(StreamAddress at, Throwable e) {
    if (e instanceof WeftException known) {
      return known;
    }
    return text(e).contains("in use")
        ? Fault.CONFLICT.because(
            "listen: " + at + " is taken (expected: an address and port that nobody listens on)", e)
        : Fault.INVALID.because(
            "listen: " + at + ": " + Reason.of(e) + " (expected: an address of this host)", e);
  }

  private static String text(Throwable e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
