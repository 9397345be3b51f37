package dev.weft.rpc.socket;

import dev.weft.rpc.Loop;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.concurrent.TimeUnit;

/** Opens sockets on event loops: epoll's where the loop has it, else NIO's. */
public final class Sockets {
  /** For one step towards a link: to connect, to get an answer of a proxy, to shake hands. */
  public static final int STEP_SECONDS = 5;

  /**
   * What the kernel may hold unsent, TCP_NOTSENT_LOWAT of tcp(7): more would only wait, and pings
   * with it.
   */
  private static final int KERNEL_UNSENT = 128 << 10;

  private Sockets() {}

  private static boolean epoll(EventLoop loop) {
    return loop instanceof IoEventLoop io && io.isIoType(EpollIoHandler.class);
  }

  /**
   * Connects.
   *
   * @param handler the channel's first
   * @return completes on the loop
   */
  public static Future<Channel> connect(Loop loop, InetSocketAddress to, ChannelHandler handler) {
    Bootstrap bootstrap = new Bootstrap().option(ChannelOption.TCP_NODELAY, true);
    if (epoll(loop.netty())) {
      bootstrap.channel(EpollSocketChannel.class);
      bootstrap.option(EpollChannelOption.TCP_NOTSENT_LOWAT, (long) KERNEL_UNSENT);
    } else {
      bootstrap.channel(NioSocketChannel.class);
    }
    return connect(bootstrap, loop, to, handler);
  }

  /** Connects to a Unix socket. */
  public static Future<Channel> connect(Loop loop, String path, ChannelHandler handler) {
    Bootstrap bootstrap = new Bootstrap();
    bootstrap.channel(
        epoll(loop.netty()) ? EpollDomainSocketChannel.class : NioDomainSocketChannel.class);
    return connect(bootstrap, loop, address(loop, path), handler);
  }

  private static Future<Channel> connect(
      Bootstrap bootstrap, Loop loop, SocketAddress to, ChannelHandler handler) {
    Promise<Channel> connected = Promise.promise();
    bootstrap
        .group(loop.netty())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) TimeUnit.SECONDS.toMillis(STEP_SECONDS))
        .handler(handler)
        .connect(to)
        .addListener(
            (io.netty.channel.ChannelFuture done) -> {
              if (done.isSuccess()) {
                connected.complete(done.channel());
              } else {
                connected.fail(done.cause());
              }
            });
    return connected.future();
  }

  /** Listens; the port 0 is any free one. */
  public static Future<Channel> listen(Loop loop, InetSocketAddress at, Acceptor acceptor) {
    ServerChannel server =
        epoll(loop.netty()) ? new EpollServerSocketChannel() : new NioServerSocketChannel();
    server.config().setOption(ChannelOption.SO_REUSEADDR, true);
    return listen(server, loop, at, acceptor);
  }

  /** Listens on a Unix socket that is made at a path. */
  public static Future<Channel> listen(Loop loop, String path, Acceptor acceptor) {
    ServerChannel server =
        epoll(loop.netty())
            ? new EpollServerDomainSocketChannel()
            : new NioServerDomainSocketChannel();
    return listen(server, loop, address(loop, path), acceptor);
  }

  private static Future<Channel> listen(
      ServerChannel server, Loop loop, SocketAddress at, Acceptor acceptor) {
    server.pipeline().addLast(acceptor);
    Promise<Channel> listening = Promise.promise();
    loop.netty()
        .register(server)
        .addListener(
            registered ->
                server
                    .bind(at)
                    .addListener(
                        bound -> {
                          if (bound.isSuccess()) {
                            listening.complete(server);
                          } else {
                            close(server);
                            listening.fail(bound.cause());
                          }
                        }));
    return listening.future();
  }

  /** Closes a channel, soon. */
  public static void close(Channel channel) {
    var unused = channel.close();
  }

  /** Sets an accepted socket's options. */
  public static void prepare(Channel accepted) {
    accepted.config().setOption(ChannelOption.TCP_NODELAY, true);
    if (accepted instanceof EpollSocketChannel epoll) {
      epoll.config().setOption(EpollChannelOption.TCP_NOTSENT_LOWAT, (long) KERNEL_UNSENT);
    }
  }

  private static SocketAddress address(Loop loop, String path) {
    return epoll(loop.netty()) ? new DomainSocketAddress(path) : UnixDomainSocketAddress.of(path);
  }
}
