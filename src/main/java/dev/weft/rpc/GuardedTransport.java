package dev.weft.rpc;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.vertx.core.datagram.DatagramSocketOptions;
import io.vertx.core.net.ClientOptionsBase;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.transport.Transport;
import java.util.concurrent.ThreadFactory;

/**
 * The kernel's sockets as Vert.x uses them, with limits on the connections that are accepted at TCP
 * ports. Vert.x does not give away the channel that accepts: here each is made with its gate.
 */
public final class GuardedTransport implements Transport {
  private final Transport base;
  private final AcceptLimits limits;

  private GuardedTransport(Transport base, AcceptLimits limits) {
    this.base = base;
    this.limits = limits;
  }

  /** Epoll, or NIO where that cannot be loaded. */
  public static Transport of(AcceptLimits limits) {
    Transport best = Transport.nativeTransport();
    return new GuardedTransport(best != null && best.available() ? best : Transport.NIO, limits);
  }

  @Override
  public String name() {
    return base.name();
  }

  @Override
  public boolean available() {
    return base.available();
  }

  @Override
  public Throwable unavailabilityCause() {
    return base.unavailabilityCause();
  }

  @Override
  public io.vertx.core.spi.transport.Transport implementation() {
    return new Guarded(base.implementation());
  }

  private final class Guarded implements io.vertx.core.spi.transport.Transport {
    private final io.vertx.core.spi.transport.Transport sockets;

    Guarded(io.vertx.core.spi.transport.Transport sockets) {
      this.sockets = sockets;
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean unix) {
      ChannelFactory<? extends ServerChannel> made = sockets.serverChannelFactory(unix);
      return unix ? made : () -> guarded(made.newChannel());
    }

    private ServerChannel guarded(ServerChannel channel) {
      // Before the handler that accepts, which Netty adds when it binds.
      channel.pipeline().addLast(limits.gate());
      return channel;
    }

    @Override
    public boolean supportsDomainSockets() {
      return sockets.supportsDomainSockets();
    }

    @Override
    public boolean supportFileRegion() {
      return sockets.supportFileRegion();
    }

    @Override
    public boolean isAvailable() {
      return sockets.isAvailable();
    }

    @Override
    public Throwable unavailabilityCause() {
      return sockets.unavailabilityCause();
    }

    @Override
    public java.net.SocketAddress convert(SocketAddress address) {
      return sockets.convert(address);
    }

    @Override
    public SocketAddress convert(java.net.SocketAddress address) {
      return sockets.convert(address);
    }

    @Override
    public IoHandlerFactory ioHandlerFactory() {
      return sockets.ioHandlerFactory();
    }

    @Override
    public EventLoopGroup eventLoopGroup(
        int type, int threads, ThreadFactory threadFactory, int ioRatio) {
      return sockets.eventLoopGroup(type, threads, threadFactory, ioRatio);
    }

    @Override
    public DatagramChannel datagramChannel() {
      return sockets.datagramChannel();
    }

    @Override
    @SuppressWarnings("deprecation") // Vert.x's contract.
    public DatagramChannel datagramChannel(InternetProtocolFamily family) {
      return sockets.datagramChannel(family);
    }

    @Override
    public ChannelFactory<? extends Channel> channelFactory(boolean unix) {
      return sockets.channelFactory(unix);
    }

    @Override
    public void configure(DatagramChannel channel, DatagramSocketOptions options) {
      sockets.configure(channel, options);
    }

    @Override
    public void configure(
        ClientOptionsBase options, int connectTimeout, boolean unix, Bootstrap bootstrap) {
      sockets.configure(options, connectTimeout, unix, bootstrap);
    }

    @Override
    public void configure(NetServerOptions options, boolean unix, ServerBootstrap bootstrap) {
      sockets.configure(options, unix, bootstrap);
    }
  }
}
