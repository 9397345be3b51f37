package dev.weft.proxy.utp;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Remote;
import dev.weft.rpc.Loop;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.vertx.core.Promise;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** Opens connections to nodes, with TLS. On the socket's loop. */
final class UtpDialling {
  private final Loop loop;
  private final UtpSocket socket;
  private final UtpTls tls;

  UtpDialling(Loop loop, UtpSocket socket, UtpTls tls) {
    this.loop = loop;
    this.socket = socket;
    this.tls = tls;
  }

  /**
   * Dials.
   *
   * @param to the remote's address
   * @param protocol of TLS
   * @param last the handler behind TLS
   * @return the node that has answered. DENIED if it is another one, UNAVAILABLE, TIMEOUT
   */
  io.vertx.core.Future<NodeId> dial(
      Remote remote, InetSocketAddress to, String protocol, ChannelHandler last) {
    Promise<NodeId> done = Promise.promise();
    UtpChannel channel =
        socket.connect(
            to,
            dialled -> {
              SslHandler handler = tls.dialling(dialled, protocol, remote.timeout());
              dialled.pipeline().addLast(new Loss(done, remote), handler, last);
              handler
                  .handshakeFuture()
                  .addListener(shaken -> shaken(remote, handler, shaken, done));
            });
    if (protocol.equals(UtpTls.ECHO)) {
      channel.notInUse();
    }
    Future<?> late =
        loop.netty()
            .schedule(
                () -> {
                  String why = "utp://%s: no connection within %d ms";
                  done.tryFail(
                      Fault.TIMEOUT.because(
                          why.formatted(remote.at(), remote.timeout().toMillis())));
                },
                remote.timeout().toMillis(),
                TimeUnit.MILLISECONDS);
    return done.future()
        .onComplete(
            result -> {
              late.cancel(false);
              if (result.failed()) {
                var unused = channel.close();
              }
            });
  }

  private static void shaken(
      Remote remote, SslHandler handler, Future<?> shaken, Promise<NodeId> done) {
    try {
      if (!shaken.isSuccess()) {
        throw UtpTls.failure(shaken.cause());
      }
      done.tryComplete(UtpTls.proven(handler, remote.node()));
    } catch (WeftException e) {
      done.tryFail(e.fault().because("utp://" + remote.at() + ": " + e.getMessage(), e));
    }
  }

  /** Tells why there is no connection, before TLS says that there is none. */
  private static final class Loss extends ChannelInboundHandlerAdapter {
    private final Promise<NodeId> done;
    private final Remote remote;

    Loss(Promise<NodeId> done, Remote remote) {
      this.done = done;
      this.remote = remote;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      done.tryFail(
          Fault.UNAVAILABLE.because("utp://" + remote.at() + ": " + cause.getMessage(), cause));
      ctx.fireExceptionCaught(cause);
    }
  }
}
