package dev.weft.proxy.utp;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.identity.Identity;
import dev.weft.proxy.carrier.Carrier;
import dev.weft.proxy.carrier.ProxyTransport;
import dev.weft.rpc.Loop;
import dev.weft.rpc.socket.ChannelPipe;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.handler.ssl.SslHandler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** uTP between proxies, each with a UDP socket of its own. */
public final class UtpTransport implements ProxyTransport {
  public static final String NAME = "utp";

  /** In which an accepted connection has to finish TLS. */
  private static final Duration HANDSHAKE = Duration.ofSeconds(5);

  private final Vertx vertx;
  private final Loop loop;
  private final Identity identity;
  private final Supplier<Duration> keepalive;
  private final UtpCounters forward = new UtpCounters();
  private final UtpCounters reverse = new UtpCounters();

  /**
   * @param loop of the sockets and of all that goes over them
   * @param keepalive between two signs of life to an address behind a NAT; 3 to 15 s
   * @param registry shows what the sockets count
   */
  public UtpTransport(
      Vertx vertx,
      Loop loop,
      Identity identity,
      Supplier<Duration> keepalive,
      MeterRegistry registry) {
    this.vertx = vertx;
    this.loop = loop;
    this.identity = identity;
    this.keepalive = keepalive;
    UtpMetrics metrics = new UtpMetrics(registry);
    metrics.show("forward", forward);
    metrics.show("reverse", reverse);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Future<Carrier> open(HostPort local, boolean accepts, Carrier.Events events) {
    Optional<InetAddress> host = IpAddress.find(local.host());
    if (host.isEmpty()) {
      return Future.failedFuture(Fault.invalid("utp", local, "an IP address and a port"));
    }
    InetSocketAddress at = new InetSocketAddress(host.get(), local.port());
    return loaded()
        .compose(
            tls ->
                UtpSocket.open(
                        loop, at, accepting(accepts, tls, events), accepts ? reverse : forward)
                    .map(
                        socket ->
                            new UtpCarrier(vertx, loop, socket, tls, accepts, events, keepalive)));
  }

  private Future<UtpTls> loaded() {
    return vertx.executeBlocking(() -> new UtpTls(identity), false);
  }

  private Optional<Consumer<UtpChannel>> accepting(
      boolean accepts, UtpTls tls, Carrier.Events events) {
    if (!accepts) {
      return Optional.empty();
    }
    return Optional.of(
        channel -> {
          SslHandler handler = tls.accepting(channel, HANDSHAKE);
          ChannelPipe pipe = new ChannelPipe(loop);
          channel.pipeline().addLast(handler, pipe);
          handler
              .handshakeFuture()
              .addListener(
                  shaken -> {
                    if (shaken.isSuccess()) {
                      accepted(channel, handler, pipe, events);
                    } else {
                      reverse.denied.increment();
                      var unused = channel.close();
                    }
                  });
        });
  }

  private static void accepted(
      UtpChannel channel, SslHandler tls, ChannelPipe pipe, Carrier.Events events) {
    if (UtpTls.ECHO.equals(tls.applicationProtocol())) {
      UtpEcho echo = new UtpEcho(false);
      channel.notInUse();
      channel.pipeline().replace(pipe, null, echo);
      echo.begin();
    } else if (UtpTls.PIPE.equals(tls.applicationProtocol())) {
      events.arrived(UtpTls.proven(tls, Optional.empty()), pipe.pipe());
    } else {
      var unused = channel.close();
    }
  }
}
