package dev.weft.proxy.utp;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.proxy.utp.machine.HalfOpens;
import dev.weft.proxy.utp.machine.UtpConnection;
import dev.weft.proxy.utp.machine.UtpHeader;
import dev.weft.proxy.utp.machine.UtpType;
import dev.weft.rpc.Datagrams;
import dev.weft.rpc.Loop;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A UDP socket with uTP connections on it, and the pings of addresses that are kept reachable. On
 * its loop, but for {@link #open}.
 */
final class UtpSocket {
  /** Connections at once; each may hold about 4 MB, if it waits for both ends. */
  static final int MOST = 1024;

  private static final int LONGEST_DATAGRAM = 2048;
  private static final int DATAGRAMS_A_READ = 32;

  /** Bytes of the kernel's buffers: a thousand packets of one connection, and others. */
  private static final int BUFFER = 4 << 20;

  /** Answers to packets of no connection, in a second. */
  private static final int REFUSALS = 100;

  private static final long SECOND = 1_000_000;

  private record Key(InetSocketAddress remote, int id) {}

  /** A connection, with how many of its packets that were sent again have been counted. */
  private static final class Timed {
    final UtpChannel channel;
    final LoopTimer timer;
    long sentAgain;

    Timed(UtpChannel channel, LoopTimer timer) {
      this.channel = channel;
      this.timer = timer;
    }

    UtpChannel channel() {
      return channel;
    }
  }

  private final Loop loop;
  private final Channel udp;
  private final Optional<Consumer<UtpChannel>> accepted;
  private final SecureRandom random = new SecureRandom();
  private final HalfOpens halfOpens = new HalfOpens(random::nextInt);
  private final Map<Key, Timed> connections = new HashMap<>();
  private final PunchedAddresses punched;
  private final Deque<UtpChannel> touched = new ArrayDeque<>();
  private boolean settling;
  private final UtpCounters counters;
  private long refusalsSince;
  private int refusals;

  private UtpSocket(
      Loop loop, Channel udp, Optional<Consumer<UtpChannel>> accepted, UtpCounters counters) {
    this.loop = loop;
    this.udp = udp;
    this.accepted = accepted;
    this.counters = counters;
    this.punched =
        new PunchedAddresses(
            udp,
            UtpSocket::micros,
            address -> connectionsTo(address).stream().filter(UtpChannel::isInUse).count());
  }

  /**
   * Opens one.
   *
   * @param loop epoll's, which reads and sends in batches, or another one
   * @param at port 0 for any free one
   * @param accepted gets each connection that others begin, before it is registered; empty to
   *     refuse them
   * @param counters counts what it does
   * @return UNAVAILABLE with the address and the reason
   */
  static Future<UtpSocket> open(
      Loop loop,
      InetSocketAddress at,
      Optional<Consumer<UtpChannel>> accepted,
      UtpCounters counters) {
    SocketProtocolFamily family =
        at.getAddress() instanceof Inet6Address
            ? SocketProtocolFamily.INET6
            : SocketProtocolFamily.INET;
    Promise<UtpSocket> opened = Promise.promise();
    Bootstrap bootstrap = new Bootstrap();
    if (loop.netty() instanceof IoEventLoop io && io.isIoType(EpollIoHandler.class)) {
      bootstrap
          .channelFactory(() -> new EpollDatagramChannel(family))
          .option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, LONGEST_DATAGRAM)
          .option(
              ChannelOption.RECVBUF_ALLOCATOR,
              new FixedRecvByteBufAllocator(LONGEST_DATAGRAM * DATAGRAMS_A_READ));
    } else {
      bootstrap.channelFactory(() -> new NioDatagramChannel(family));
    }
    bootstrap
        .group(loop.netty())
        .option(ChannelOption.SO_RCVBUF, BUFFER)
        .option(ChannelOption.SO_SNDBUF, BUFFER)
        .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(512 << 10, 2 << 20))
        .handler(new ChannelInboundHandlerAdapter())
        .bind(at)
        .addListener(
            (ChannelFuture done) -> {
              if (done.isSuccess()) {
                UtpSocket socket = new UtpSocket(loop, done.channel(), accepted, counters);
                done.channel().pipeline().addLast(socket.new Arrivals());
                opened.complete(socket);
              } else {
                opened.fail(
                    Fault.UNAVAILABLE.because(
                        "utp://" + HostPort.of(at) + ": " + done.cause().getMessage(),
                        done.cause()));
              }
            });
    return opened.future();
  }

  InetSocketAddress address() {
    return (InetSocketAddress) udp.localAddress();
  }

  UtpCounters counters() {
    return counters;
  }

  private static long micros() {
    return System.nanoTime() / 1000;
  }

  /** Datagrams from the kernel, in batches. */
  private final class Arrivals extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      DatagramPacket packet = (DatagramPacket) message;
      try {
        arrived(packet.sender(), packet.content());
      } finally {
        packet.release();
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      settle();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      // ICMP's answers to what was sent; a connection ends by its own timers.
    }
  }

  private void arrived(InetSocketAddress from, ByteBuf datagram) {
    counters.received.increment();
    if (datagram.readableBytes() == Integer.BYTES) {
      if (!punched.arrived(from, datagram.getInt(datagram.readerIndex()))) {
        counters.strange.increment();
      }
      return;
    }
    ByteBuffer bytes = datagram.nioBuffer();
    UtpHeader.read(bytes)
        .ifPresentOrElse(
            header -> {
              punched.heard(from);
              arrived(from, header, bytes);
            },
            counters.strange::increment);
  }

  private void arrived(InetSocketAddress from, UtpHeader header, ByteBuffer payload) {
    Timed known = connections.get(new Key(from, header.id()));
    if (header.type() == UtpType.RESET) {
      reset(from, header, payload, known);
    } else if (header.type() == UtpType.SYN) {
      begun(from, header);
    } else if (known != null) {
      given(known.channel, header, payload);
    } else {
      halfOpens
          .confirmed(from, header)
          .ifPresentOrElse(
              halfOpen -> given(accept(from, halfOpen), header, payload),
              () -> {
                if (!halfOpens.knows(from, header.id())) {
                  counters.unknown.increment();
                  refuse(from, header);
                }
              });
    }
  }

  private void given(UtpChannel channel, UtpHeader header, ByteBuffer payload) {
    channel.connection().arrived(header, payload);
    touched.add(channel);
  }

  /** By the id that this end receives, or, as libutp does, by the one that it sends. */
  private void reset(InetSocketAddress from, UtpHeader header, ByteBuffer payload, Timed known) {
    Timed meant = known;
    for (int beside = -1; beside <= 1 && meant == null; beside += 2) {
      Timed other = connections.get(new Key(from, header.id() + beside & 0xffff));
      if (other != null && other.channel.connection().sendId() == header.id()) {
        meant = other;
      }
    }
    if (meant == null) {
      counters.unknown.increment();
    } else {
      given(meant.channel, header, payload);
    }
  }

  private void begun(InetSocketAddress from, UtpHeader syn) {
    if (connections.containsKey(new Key(from, syn.id() + 1 & 0xffff))) {
      return;
    }
    if (accepted.isEmpty() || connections.size() >= MOST) {
      counters.refused.increment();
      refuse(from, syn);
      return;
    }
    byte[] answer = halfOpens.answer(from, syn, micros());
    send(from, answer, answer.length);
  }

  private UtpChannel accept(InetSocketAddress from, HalfOpens.HalfOpen halfOpen) {
    UtpChannel channel = new UtpChannel(this, udp, from);
    channel.begin(
        UtpConnection.accept(
            halfOpen.syn(),
            halfOpen.seq(),
            overhead(from),
            UtpSocket::micros,
            (bytes, length) -> send(from, bytes, length),
            channel),
        true);
    accepted.orElseThrow().accept(channel);
    keep(channel);
    return channel;
  }

  private void keep(UtpChannel channel) {
    LoopTimer timer =
        new LoopTimer(
            loop.netty(),
            UtpSocket::micros,
            () -> {
              if (channel.connection().timer() <= micros()) {
                channel.connection().tick();
              }
              settleSoon(channel);
            });
    connections.put(
        new Key(channel.remote(), channel.connection().receiveId()), new Timed(channel, timer));
    var unused = loop.netty().register(channel);
    settleSoon(channel);
  }

  private static int overhead(InetSocketAddress remote) {
    return remote.getAddress() instanceof Inet6Address ? 48 : 28;
  }

  /** Tells the sender that there is no such connection, within bounds. */
  private void refuse(InetSocketAddress from, UtpHeader header) {
    long now = micros();
    if (now - refusalsSince >= SECOND) {
      refusalsSince = now;
      refusals = 0;
    }
    if (refusals++ < REFUSALS) {
      byte[] reset = header.refusal();
      send(from, reset, reset.length);
    }
  }

  /**
   * Begins a connection.
   *
   * @param prepare adds its handlers
   * @return the channel, active once the other end has answered; EXHAUSTED if there are too many
   */
  UtpChannel connect(InetSocketAddress to, Consumer<UtpChannel> prepare) {
    if (connections.size() >= MOST) {
      throw Fault.EXHAUSTED.because(
          "uTP connections: " + connections.size() + " (expected: fewer than " + MOST + ")");
    }
    int id = random.nextInt(1 << 16);
    while (connections.containsKey(new Key(to, id))) {
      id = id + 1 & 0xffff;
    }
    UtpChannel channel = new UtpChannel(this, udp, to);
    channel.begin(
        UtpConnection.dial(
            id,
            random.nextInt(1 << 16),
            overhead(to),
            UtpSocket::micros,
            (bytes, length) -> send(to, bytes, length),
            channel),
        false);
    prepare.accept(channel);
    keep(channel);
    return channel;
  }

  private void send(InetSocketAddress to, byte[] bytes, int length) {
    if (UtpHeader.isAnswered(bytes)) {
      punched.sent(to);
    }
    if (udp.isWritable()) {
      counters.sent.increment();
      ByteBuf datagram = udp.alloc().directBuffer(length).writeBytes(bytes, 0, length);
      var unused = udp.write(new DatagramPacket(datagram, to));
    }
  }

  /** After this turn of the loop, what the channel's connection has to send goes out. */
  void settleSoon(UtpChannel channel) {
    boolean first = touched.isEmpty();
    touched.add(channel);
    if (first && !settling) {
      loop.netty().execute(this::settle);
    }
  }

  private void settle() {
    settling = true;
    for (UtpChannel next = touched.poll(); next != null; next = touched.poll()) {
      settle(next);
    }
    settling = false;
    counters.are(connections.size(), halfOpens.size());
    udp.flush();
  }

  private void settle(UtpChannel channel) {
    UtpConnection connection = channel.connection();
    channel.deliver();
    connection.settle();
    Key key = new Key(channel.remote(), connection.receiveId());
    Timed timed = connections.get(key);
    if (timed == null || !timed.channel.equals(channel)) {
      return;
    }
    counters.sentAgain.add(connection.sentAgain() - timed.sentAgain);
    timed.sentAgain = connection.sentAgain();
    if (connection.isClosed()) {
      timed.timer.off();
      connections.remove(key);
    } else {
      timed.timer.set(connection.timer());
    }
  }

  /** The addresses that are kept reachable. */
  PunchedAddresses punched() {
    return punched;
  }

  /** Breaks off all connections with an address. */
  void breakOff(InetSocketAddress address) {
    for (UtpChannel channel : connectionsTo(address)) {
      var unused = channel.close();
    }
  }

  private List<UtpChannel> connectionsTo(InetSocketAddress address) {
    return connections.values().stream()
        .map(Timed::channel)
        .filter(channel -> channel.remote().equals(address) && channel.isOpen())
        .toList();
  }

  /** Breaks off all connections, ends all keepalives, and closes the socket. */
  Future<Void> close() {
    punched.clear();
    List<Timed> all = new ArrayList<>(connections.values());
    for (Timed timed : all) {
      var unused = timed.channel.close();
      timed.timer.off();
    }
    settle();
    connections.clear();
    counters.are(0, 0);
    return Datagrams.close(udp);
  }
}
