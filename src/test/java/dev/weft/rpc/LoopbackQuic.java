package dev.weft.rpc;

import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.handler.codec.quic.InsecureQuicTokenHandler;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** QUIC over UDP on loopback, without a mesh: a server for a listener, and connections to it. */
public final class LoopbackQuic {
  private static final int WINDOW = 1 << 20;

  private final Channel server;

  /** Serves what a listener serves, on one loop, to {@code caller}. */
  public LoopbackQuic(GrpcListener listener, Loop on, Caller caller, Path directory) {
    CertificateAuthority ca =
        CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, Clock.systemUTC());
    CertificateAuthority.Issued files =
        ca.issueNode(directory.resolve("node"), "node", List.of(), 5);
    Identity identity =
        Identity.load(
            new SecurityConfig(
                Optional.of(files.ca()),
                Optional.of(files.cert()),
                Optional.of(files.key()),
                false),
            directory,
            Clock.systemUTC());
    this.server =
        bind(
            on,
            common(new QuicServerCodecBuilder())
                .sslContext(
                    QuicSslContextBuilder.forServer(identity.keyManager(), null)
                        .applicationProtocols(QuicConnection.PROTOCOL)
                        .build())
                .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                .handler(
                    new ChannelInitializer<QuicChannel>() {
                      @Override
                      protected void initChannel(QuicChannel connection) {
                        listener.serve(connection, on, () -> caller);
                      }
                    })
                .streamHandler(new ChannelInboundHandlerAdapter())
                .build());
  }

  private static <B extends QuicCodecBuilder<B>> B common(B builder) {
    return builder
        .maxIdleTimeout(10, TimeUnit.SECONDS)
        .initialMaxData(16 * WINDOW)
        .initialMaxStreamDataBidirectionalLocal(WINDOW)
        .initialMaxStreamDataBidirectionalRemote(WINDOW)
        .initialMaxStreamsBidirectional(1000);
  }

  private static Channel bind(Loop on, ChannelHandler codec) {
    return new Bootstrap()
        .group(on.netty())
        .channel(EpollDatagramChannel.class)
        .handler(codec)
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .syncUninterruptibly()
        .channel();
  }

  /** A connection to the server, from a loop; not to be called on one. */
  public QuicChannel dial(Loop from) {
    Channel socket =
        bind(
            from,
            common(new QuicClientCodecBuilder())
                .sslContext(
                    QuicSslContextBuilder.forClient()
                        .trustManager(InsecureTrustManagerFactory.INSTANCE)
                        .applicationProtocols(QuicConnection.PROTOCOL)
                        .build())
                .build());
    QuicChannel connected =
        QuicChannel.newBootstrap(socket)
            .streamHandler(new ChannelInboundHandlerAdapter())
            .remoteAddress(server.localAddress())
            .connect()
            .syncUninterruptibly()
            .getNow();
    connected
        .closeFuture()
        .addListener(
            closed -> {
              var unused = socket.close();
            });
    return connected;
  }

  public void close() {
    server.close().syncUninterruptibly();
  }
}
