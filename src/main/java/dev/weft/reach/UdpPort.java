package dev.weft.reach;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.rpc.Datagrams;
import dev.weft.rpc.Loop;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicSslContext;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** One UDP address of this node, over which it dials and is dialled. Any thread may call. */
public final class UdpPort {
  /** Puts the handlers of a new connection in place, on its loop, before anything arrives. */
  public interface Connected {
    void ready(QuicChannel channel, Loop loop);
  }

  /**
   * What the port has counted since it was opened.
   *
   * @param unknown datagrams of no connection, or not QUIC
   * @param handedOver datagrams that arrived on another loop than their connection's
   * @param overflown such datagrams that found the other loop's queue full
   * @param refused certificates of dialling nodes
   * @param segments whether runs of datagrams are sent as one, with UDP_SEGMENT
   */
  public record Counters(
      long unknown, long handedOver, long overflown, long refused, boolean segments) {}

  private final List<Loop> loops;
  private final Identity identity;
  private final String protocol;
  private final QuicSettings settings;
  private final Optional<Connected> accepted;
  private final ConnectionIds ids = new ConnectionIds();
  private final PortCounters counters = new PortCounters();
  private final AtomicBoolean segmentsGivenUp = new AtomicBoolean();
  private final List<Demultiplexer> demultiplexers = new CopyOnWriteArrayList<>();
  private final List<SideProtocol> others = new CopyOnWriteArrayList<>();
  private final List<Channel> sockets = new CopyOnWriteArrayList<>();
  private final OpenConnections connections = new OpenConnections();
  private final byte[] retryKey = RetryTokens.newKey();
  private final AtomicInteger begun = new AtomicInteger();
  private final RefusalLog refusals =
      new RefusalLog(() -> "udp://" + HostPort.of(address()), counters.refused);
  private final AtomicInteger turn = new AtomicInteger();
  private volatile QuicSslContext serverTls;

  private UdpPort(
      List<Loop> loops, Identity identity, String protocol, Optional<Connected> accepted) {
    if (loops.isEmpty() || loops.size() > ConnectionIds.MAX_LOOPS) {
      throw Fault.invalid("loops", loops.size(), "1.." + ConnectionIds.MAX_LOOPS);
    }
    this.loops = List.copyOf(loops);
    this.identity = identity;
    this.protocol = protocol;
    this.settings =
        new QuicSettings(identity, QuicSettings.Traffic.DATAGRAMS, QuicSettings.CONGESTION);
    this.accepted = accepted;
  }

  /**
   * Opens a port: a socket for each loop.
   *
   * @param at port 0 for any free one
   * @param loops epoll's
   * @param protocol the ALPN name that both ends must speak
   * @param accepted gets each connection that others open, when its handshake begins; empty to dial
   *     only
   * @return fails with UNAVAILABLE, naming the address, for example one that is taken, or the QUIC
   *     library if it cannot be loaded
   */
  public static Future<UdpPort> open(
      InetSocketAddress at,
      List<Loop> loops,
      Identity identity,
      String protocol,
      Optional<Connected> accepted) {
    Loop first = loops.get(0);
    return first
        .context()
        .executeBlocking(() -> load(loops, identity, protocol, accepted), false)
        .compose(port -> first.call(() -> reserve(first, at)).compose(port::bindAll).map(port));
  }

  private static UdpPort load(
      List<Loop> loops, Identity identity, String protocol, Optional<Connected> accepted) {
    QuicSettings.loadLibrary();
    UdpPort port = new UdpPort(loops, identity, protocol, accepted);
    port.serverTls = port.settings.server(protocol, port.refusals::refused);
    return port;
  }

  /**
   * The address with the number of its port. SO_REUSEPORT would also take a port that another
   * process of this user has, and share it.
   */
  private static Future<InetSocketAddress> reserve(Loop loop, InetSocketAddress at) {
    SocketProtocolFamily family = family(at);
    return opened(
            new Bootstrap()
                .group(loop.netty())
                .channelFactory(() -> new EpollDatagramChannel(family))
                .handler(new ChannelInboundHandlerAdapter()),
            at)
        .compose(
            taken -> {
              InetSocketAddress bound = (InetSocketAddress) taken.localAddress();
              return Completions.of(taken.close()).map(bound);
            });
  }

  private Future<Void> bindAll(InetSocketAddress at) {
    Future<Void> bound = Future.succeededFuture();
    for (int i = 0; i < loops.size(); i++) {
      int number = i;
      bound = bound.compose(v -> loops.get(number).call(() -> bind(at, number)));
    }
    return bound.recover(
        e -> close("the port did not open").transform(closed -> Future.failedFuture(e)));
  }

  private Future<Void> bind(InetSocketAddress at, int number) {
    SocketProtocolFamily family = family(at);
    return opened(
            UdpSocketOptions.apply(new Bootstrap())
                .group(loops.get(number).netty())
                .channelFactory(() -> new EpollDatagramChannel(family))
                .handler(
                    new ChannelInitializer<EpollDatagramChannel>() {
                      @Override
                      protected void initChannel(EpollDatagramChannel socket) {
                        UdpSocketOptions.apply(socket, family);
                        fill(socket, number);
                      }
                    }),
            at)
        .onSuccess(sockets::add)
        .mapEmpty();
  }

  private static SocketProtocolFamily family(InetSocketAddress at) {
    return at.getAddress() instanceof Inet6Address
        ? SocketProtocolFamily.INET6
        : SocketProtocolFamily.INET;
  }

  private static Future<Channel> opened(Bootstrap bootstrap, InetSocketAddress at) {
    Promise<Channel> opened = Promise.promise();
    bootstrap
        .bind(at)
        .addListener(
            (ChannelFuture done) -> {
              if (done.isSuccess()) {
                opened.complete(done.channel());
              } else {
                String why = Reason.of(done.cause());
                opened.fail(
                    Fault.UNAVAILABLE.because(
                        "udp://" + HostPort.of(at) + ": " + why, done.cause()));
              }
            });
    return opened.future();
  }

  /** From the socket up; a connection's own writes come down from the end. */
  private void fill(EpollDatagramChannel socket, int number) {
    ChannelHandler accepting =
        settings.accepting(
            serverTls,
            ids.accepted(number),
            new RetryTokens(retryKey, begun::get),
            new ChannelInitializer<QuicChannel>() {
              @Override
              protected void initChannel(QuicChannel channel) {
                begin(channel, number);
              }
            });
    Demultiplexer demultiplexer =
        new Demultiplexer(
            number, ids, demultiplexers, counters, accepting, accepted.isPresent(), others);
    demultiplexers.add(demultiplexer);
    socket
        .pipeline()
        .addLast(new SegmentedSends(segmentsGivenUp), demultiplexer, accepting)
        .addLast(settings.dialling());
  }

  private void begin(QuicChannel channel, int number) {
    connections.keep(channel);
    begun.incrementAndGet();
    channel.pipeline().addLast(new Handshake(begun));
    accepted.orElseThrow().ready(channel, loops.get(number));
  }

  /** Where the port is, the number that was bound among it. */
  public InetSocketAddress address() {
    return (InetSocketAddress) sockets.get(0).localAddress();
  }

  /** Has another protocol see, from now on, what is none of this port's connections. */
  public void add(SideProtocol other) {
    others.add(other);
  }

  /**
   * Sends a datagram of another protocol, which may be lost.
   *
   * @param datagram taken
   */
  public void send(InetSocketAddress to, ByteBuf datagram) {
    int number = 0;
    for (int i = 1; i < demultiplexers.size(); i++) {
      number = loops.get(i).netty().inEventLoop() ? i : number;
    }
    demultiplexers.get(number).send(new DatagramPacket(datagram, to));
  }

  /** For datagrams of one loop, its own socket if it has one here. */
  RunSender runSender(Loop loop, int turn, PortCounters count) {
    int number = Math.floorMod(turn, demultiplexers.size());
    for (int i = 0; i < demultiplexers.size(); i++) {
      number = loops.get(i).netty() == loop.netty() ? i : number;
    }
    return new RunSender(
        demultiplexers.get(number), settings.segments().maxNumSegments() > 0, count);
  }

  public Counters counters() {
    return new Counters(
        counters.unknown.sum(),
        counters.handedOver.sum(),
        counters.overflown.sum(),
        counters.refused.sum(),
        !segmentsGivenUp.get() && settings.segments().maxNumSegments() > 0);
  }

  /** Connections that others have begun and not finished. */
  int begun() {
    return begun.get();
  }

  /**
   * Dials a node; the loops take turns. Its certificate has been checked when the future is done,
   * this node's has perhaps not: the first answer tells.
   *
   * @param expected who must answer; empty for any node that {@link Identity#linkTrust} takes
   * @return fails with UNAUTHENTICATED or, after 5 s without an answer, UNAVAILABLE
   */
  public Future<QuicChannel> dial(
      InetSocketAddress to, Optional<NodeId> expected, Connected connected) {
    int number = Math.floorMod(turn.getAndIncrement(), loops.size());
    Loop loop = loops.get(number);
    return loop.call(
        () ->
            new Dialling(settings, identity.nodeId(), Dialling.Target.of(to, protocol, expected))
                .from(
                    sockets.get(number),
                    ids.dialled(number),
                    channel -> {
                      connections.keep(channel);
                      connected.ready(channel, loop);
                    }));
  }

  /** Closes all connections, which tells their other ends the reason, and the sockets. */
  public Future<Void> close(String reason) {
    return connections
        .close(reason)
        .transform(closed -> Future.join(sockets.stream().map(Datagrams::close).toList()))
        .mapEmpty();
  }
}
