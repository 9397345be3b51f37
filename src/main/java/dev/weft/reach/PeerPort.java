package dev.weft.reach;

import dev.weft.bus.Fault;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicCongestionControlAlgorithm;
import io.netty.handler.codec.quic.QuicSslContext;
import io.vertx.core.Future;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/**
 * QUIC connections to nodes instead of addresses. Below them stand channels, one for each loop that
 * dials and one for each protocol and loop that accepts, which give each datagram to the path that
 * leads to its node at that moment. Any thread may call.
 *
 * <p>A datagram that opens a connection belongs to a loop before its protocol is known, so who
 * dials says it in his connection id ({@link ConnectionIds}). Whoever says nothing there gets the
 * protocol that was accepted first.
 *
 * <p>A stream that the other end opens comes to the connection's handlers as {@code channelRead};
 * they put in place what reads it and pass it on to the end of the pipeline, where it is
 * registered.
 */
public final class PeerPort {
  /** The longest datagram that a path has to carry, bytes. */
  public static final int MAX_DATAGRAM = 1350;

  /** A way on which datagrams reach nodes; any loop may call. */
  public interface DatagramPath {
    boolean reaches(long node);

    /**
     * Sends a datagram, which may be lost.
     *
     * @param datagram borrowed; its bytes must stay as they are
     */
    void send(long node, ByteBuf datagram);
  }

  /**
   * What the port has counted since it was opened.
   *
   * @param unknown datagrams of no connection, or not QUIC
   * @param overflown datagrams that found a loop's queue full
   * @param refused certificates of dialling nodes
   * @param repeated datagrams that were sent again by {@link #probe}
   * @param direct datagrams that were sent by UDP straight to their nodes
   * @param connections open now, those that are only begun among them
   */
  public record Counters(
      long unknown, long overflown, long refused, long repeated, long direct, int connections) {}

  private record Door(String protocol, PeerSocket socket) {}

  private static final DatagramPath NOWHERE =
      new DatagramPath() {
        @Override
        public boolean reaches(long node) {
          return false;
        }

        @Override
        public void send(long node, ByteBuf datagram) {
          // Lost, as on any path.
        }
      };

  private final Identity identity;
  private final QuicSettings settings;
  private final InetSocketAddress self;
  private final ConnectionIds ids = new ConnectionIds();
  private final PortCounters counters = new PortCounters();
  private final RefusalLog refusals = new RefusalLog(() -> "the mesh", counters.refused);
  private final byte[] retryKey = RetryTokens.newKey();
  private final AtomicInteger begun = new AtomicInteger();
  private final OpenConnections connections = new OpenConnections();
  private final List<PeerSocket> sockets = new CopyOnWriteArrayList<>();
  private final List<Door> doors = new CopyOnWriteArrayList<>();
  private final int dialling;
  private volatile DatagramPath path = NOWHERE;
  private volatile DirectPaths direct = DirectPaths.NONE;
  private volatile LongConsumer pathChanged = node -> {};
  private UdpPort straight;
  private boolean closed;

  private PeerPort(List<Loop> loops, Identity identity, QuicCongestionControlAlgorithm congestion) {
    this.identity = identity;
    this.settings = new QuicSettings(identity, QuicSettings.Traffic.STREAMS, congestion);
    this.self = QuicNodeAddress.of(identity.nodeId().number());
    this.dialling = loops.size();
    loops.forEach(loop -> open(loop, settings.dialling()));
  }

  /**
   * Opens the port; no socket is needed.
   *
   * @param loops on which connections may live
   * @return fails with UNAVAILABLE if the QUIC library cannot be loaded
   */
  public static Future<PeerPort> open(List<Loop> loops, Identity identity) {
    return open(loops, identity, QuicSettings.CONGESTION);
  }

  /** As {@link #open(List, Identity)}, with another congestion control. */
  public static Future<PeerPort> open(
      List<Loop> loops, Identity identity, QuicCongestionControlAlgorithm congestion) {
    if (loops.isEmpty() || loops.size() > ConnectionIds.MAX_LOOPS) {
      throw Fault.invalid("loops", loops.size(), "1.." + ConnectionIds.MAX_LOOPS);
    }
    return loops
        .get(0)
        .context()
        .executeBlocking(
            () -> {
              QuicSettings.loadLibrary();
              return new PeerPort(List.copyOf(loops), identity, congestion);
            },
            false);
  }

  private PeerSocket open(Loop loop, ChannelHandler codec) {
    PeerSocket socket = new PeerSocket(loop, self, () -> path, counters);
    socket.pipeline().addLast(codec);
    var unused = loop.netty().register(socket);
    if (straight != null) {
      goStraight(socket, sockets.size());
    }
    sockets.add(socket);
    return socket;
  }

  /**
   * Datagrams for nodes to which there is a path by UDP take that one from now on, as long as it
   * answers; those that arrive so are given by {@link #arrivedStraight}.
   */
  public synchronized void straight(UdpPort from, DirectPaths paths) {
    straight = from;
    direct = paths;
    for (int i = 0; i < sockets.size(); i++) {
      goStraight(sockets.get(i), i);
    }
  }

  private void goStraight(PeerSocket socket, int turn) {
    socket.straight(direct, straight.runSender(socket.loop(), turn, counters));
  }

  /**
   * A datagram has arrived by UDP.
   *
   * @param datagram borrowed
   * @return whether it is of a connection of this port's, or opens one to it
   */
  public boolean arrivedStraight(InetSocketAddress from, ByteBuf datagram) {
    int owner = ids.owner(datagram);
    if (owner == ConnectionIds.UNKNOWN
        || (owner == ConnectionIds.NEW && !isOurs(ConnectionIds.protocol(datagram)))) {
      return false;
    }
    DirectPaths.NodeAt sender = direct.from(from);
    if (sender == null) {
      return false;
    }
    arrived(sender.node(), datagram);
    return true;
  }

  private boolean isOurs(int mark) {
    for (Door door : doors) {
      if (ConnectionIds.mark(door.protocol) == mark) {
        return true;
      }
    }
    return false;
  }

  /** Told, on any thread, of each node to which there is another path by UDP than before. */
  public void onPathChange(LongConsumer listener) {
    pathChanged = listener;
  }

  /** There is another path by UDP to a node, or none any more. */
  public void pathChanged(long node) {
    probe(node);
    pathChanged.accept(node);
  }

  /** Whether there is a path by UDP to a node. */
  public boolean reachesStraight(long node) {
    return direct.to(node) != null;
  }

  /**
   * Where datagrams for a node go straight by UDP; empty without such a path, or while it does not
   * answer.
   */
  public Optional<InetSocketAddress> straightTo(long node) {
    return Optional.ofNullable(direct.to(node)).filter(way -> !way.doubtful()).map(DirectPath::at);
  }

  /** The path below all connections from now on; without one, nothing reaches anybody. */
  public void path(DatagramPath path) {
    this.path = path;
  }

  /**
   * A datagram has arrived.
   *
   * @param node who sent it, as far as the path knows
   * @param datagram borrowed
   */
  public void arrived(long node, ByteBuf datagram) {
    PeerSocket to = socketFor(node, datagram);
    if (to == null) {
      counters.unknown.increment();
      return;
    }
    // The codec decrypts in place.
    int length = datagram.readableBytes();
    ByteBuf copy = PooledByteBufAllocator.DEFAULT.directBuffer(length);
    to.take(QuicNodeAddress.of(node), copy.writeBytes(datagram, datagram.readerIndex(), length));
  }

  private PeerSocket socketFor(long node, ByteBuf datagram) {
    int owner = ids.owner(datagram);
    if (owner == ConnectionIds.NEW) {
      return door(node, datagram);
    }
    int number = ConnectionIds.loop(owner);
    return owner == ConnectionIds.UNKNOWN || number >= sockets.size() ? null : sockets.get(number);
  }

  /** The same for each datagram that opens one connection, since the first ones may be several. */
  private PeerSocket door(long node, ByteBuf datagram) {
    if (doors.isEmpty()) {
      return null;
    }
    int mark = ConnectionIds.protocol(datagram);
    List<Door> fit = doors.stream().filter(d -> ConnectionIds.mark(d.protocol) == mark).toList();
    if (fit.isEmpty()) {
      String first = doors.get(0).protocol;
      fit = doors.stream().filter(d -> d.protocol.equals(first)).toList();
    }
    int turn = Long.hashCode(node) + ConnectionIds.openersLoop(datagram);
    return fit.get(Math.floorMod(turn, fit.size())).socket;
  }

  /** Whether there is a path to the node now. */
  public boolean reaches(NodeId node) {
    return direct.to(node.number()) != null || path.reaches(node.number());
  }

  /** The node at the other end; proved once the connection is active. */
  public static NodeId nodeOf(QuicChannel channel) {
    return new NodeId(NodeId.text(number(channel)));
  }

  private static long number(QuicChannel channel) {
    return QuicNodeAddress.node((InetSocketAddress) channel.remoteSocketAddress());
  }

  /**
   * Connections that speak this protocol (ALPN) are accepted, on this loop, from now on. A protocol
   * that is accepted on several loops has its connections spread over them.
   *
   * @param accepted gets each connection when its handshake begins; it is active when the other end
   *     has proved to be the node that it is said to be
   */
  public synchronized void accept(String protocol, Loop on, UdpPort.Connected accepted) {
    if (closed) {
      return;
    }
    int number = sockets.size();
    if (number == ConnectionIds.MAX_LOOPS) {
      throw Fault.invalid("protocols and loops", number + 1, "at most " + number);
    }
    QuicSslContext tls = settings.server(protocol, refusals::refused);
    PeerSocket[] socket = new PeerSocket[1];
    ChannelHandler codec =
        settings.accepting(
            tls,
            ids.accepted(number),
            new RetryTokens(retryKey, begun::get),
            new ChannelInitializer<QuicChannel>() {
              @Override
              protected void initChannel(QuicChannel channel) {
                keep(channel, socket[0]);
                begun.incrementAndGet();
                channel
                    .pipeline()
                    .addLast(new Handshake(begun), new DatagramProof(identity))
                    .addLast(new LifeSigns(false));
                accepted.ready(channel, on);
              }
            });
    socket[0] = open(on, codec);
    doors.add(new Door(protocol, socket[0]));
  }

  private void keep(QuicChannel channel, PeerSocket socket) {
    long node = number(channel);
    connections.keep(channel);
    socket.connected(node);
    channel.closeFuture().addListener(gone -> socket.disconnected(node));
  }

  /**
   * Dials a node, which must prove its id. Its certificate has been checked when the future is
   * done, this node's has perhaps not: the first answer tells.
   *
   * @param protocol for ALPN
   * @param on the connection's loop, one of the port's
   * @return fails with UNAUTHENTICATED, or UNAVAILABLE without a path or an answer within 5 s
   */
  public Future<QuicChannel> dial(
      NodeId to, String protocol, Loop on, UdpPort.Connected connected) {
    int number = numberOf(on);
    PeerSocket socket = sockets.get(number);
    return socket
        .loop()
        .call(
            () -> {
              if (!reaches(to)) {
                return Future.failedFuture(
                    Fault.UNAVAILABLE.because("node " + to + ": no path leads there"));
              }
              return new Dialling(settings, identity.nodeId(), Dialling.Target.of(to, protocol))
                  .from(
                      socket,
                      ids.dialled(number, ConnectionIds.mark(protocol)),
                      channel -> {
                        keep(channel, socket);
                        channel.pipeline().addLast(new LifeSigns(true));
                        connected.ready(channel, on);
                      });
            });
  }

  private int numberOf(Loop loop) {
    for (int i = 0; i < dialling; i++) {
      if (sockets.get(i).loop().netty() == loop.netty()) {
        return i;
      }
    }
    throw Fault.invalid("loop", loop.netty(), "one of the port's " + dialling);
  }

  /**
   * A way to the node is back, or another than before: what may have been lost is sent again, so
   * that connections go on at once instead of after QUIC's next timeout.
   */
  public void probe(long node) {
    sockets.forEach(socket -> socket.loop().netty().execute(() -> socket.repeat(node)));
  }

  public Counters counters() {
    return new Counters(
        counters.unknown.sum(),
        counters.overflown.sum(),
        counters.refused.sum(),
        counters.repeated.sum(),
        counters.direct.sum(),
        connections.size());
  }

  /** Closes all connections, which tells their other ends the reason. */
  public Future<Void> close(String reason) {
    synchronized (this) {
      closed = true;
    }
    return connections
        .close(reason)
        .transform(
            done -> Future.join(sockets.stream().map(s -> Completions.of(s.close())).toList()))
        .mapEmpty();
  }
}
