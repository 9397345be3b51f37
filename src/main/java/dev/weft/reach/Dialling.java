package dev.weft.reach;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClosedChannelException;
import io.netty.handler.codec.quic.QuicConnectionAddress;
import io.netty.handler.codec.quic.QuicSslEngine;
import io.netty.util.concurrent.ScheduledFuture;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** One attempt to reach a node, and why it failed. On the loop of the socket. */
final class Dialling {
  private static final int TIMEOUT_SECONDS = 5;

  private final QuicSettings settings;
  private final NodeId self;
  private final Target target;
  private String refused;
  private QuicChannel channel;

  /**
   * Who is dialled.
   *
   * @param name of the address, for messages
   * @param silence what may be wrong if nobody answers
   * @param protocol for ALPN
   * @param expected who must answer; empty for any node
   */
  record Target(
      InetSocketAddress address,
      String name,
      String silence,
      String protocol,
      Optional<NodeId> expected) {
    static Target of(InetSocketAddress address, String protocol, Optional<NodeId> expected) {
      return new Target(
          address,
          "udp://" + HostPort.of(address),
          "expected: a node that listens, and a path for UDP payloads of 1,200 bytes; where that is"
              + " missing, a tcp link may pass",
          protocol,
          expected);
    }

    static Target of(NodeId node, String protocol) {
      return new Target(
          QuicNodeAddress.of(node.number()),
          "node " + node,
          "expected: a node that accepts " + protocol + ", and routes both ways",
          protocol,
          Optional.of(node));
    }
  }

  Dialling(QuicSettings settings, NodeId self, Target target) {
    this.settings = settings;
    this.self = self;
    this.target = target;
  }

  /**
   * @param id of the connection at this side
   * @param ready puts handlers in place
   */
  Future<QuicChannel> from(Channel socket, byte[] id, Consumer<QuicChannel> ready) {
    // One context an attempt, so that no session is resumed without a look at the certificates.
    QuicSslEngine engine =
        settings
            .client(target.protocol(), target.expected(), (e, why) -> refused = why)
            .newEngine(
                socket.alloc(),
                target
                    .expected()
                    .map(NodeId::host)
                    .orElseGet(() -> target.address().getAddress().getHostAddress()),
                target.address().getPort());
    Promise<QuicChannel> result = Promise.promise();
    var connecting =
        QuicChannel.newBootstrap(socket)
            .attr(QuicSettings.ENGINE, engine)
            .option(QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR, settings.segments())
            .localConnectionAddress(new QuicConnectionAddress(id))
            .remoteAddress(target.address())
            .handler(
                new ChannelInitializer<QuicChannel>() {
                  @Override
                  protected void initChannel(QuicChannel made) {
                    channel = made;
                    ready.accept(made);
                  }
                })
            .streamHandler(new UnhandledStream())
            .connect();
    ScheduledFuture<?> timeout =
        socket
            .eventLoop()
            .schedule(
                () -> {
                  if (channel != null) {
                    var unused = channel.close();
                  }
                },
                TIMEOUT_SECONDS,
                TimeUnit.SECONDS);
    connecting.addListener(
        (io.netty.util.concurrent.Future<QuicChannel> done) -> {
          timeout.cancel(false);
          if (done.isSuccess()) {
            result.complete(done.getNow());
          } else {
            result.fail(failure(done.cause()));
          }
        });
    return result.future();
  }

  private WeftException failure(Throwable cause) {
    String peer = target.name();
    if (refused != null) {
      return Fault.UNAUTHENTICATED.because(peer + ": " + refused, cause);
    }
    if (cause instanceof QuicClosedChannelException closed) {
      return closed.event() == null
          ? Fault.UNAVAILABLE.because(
              peer + ": no answer within " + TIMEOUT_SECONDS + " s (" + target.silence() + ")")
          : Refusal.of(peer, self, target.protocol(), closed.event());
    }
    return Fault.UNAVAILABLE.because(peer + ": " + Reason.of(cause), cause);
  }
}
