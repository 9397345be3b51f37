package dev.weft.reach;

import dev.weft.reach.PeerPort.DatagramPath;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * What stands below a QUIC codec in place of a UDP socket: datagrams go to the path and come from a
 * bounded queue. On its loop, but for {@link #take}.
 */
final class PeerSocket extends AbstractChannel {
  private static final ChannelMetadata METADATA = new ChannelMetadata(true);

  /** Datagrams that may wait for the loop: 5 MB, 45 ms of 1 Gbit/s. */
  private static final int QUEUED = 4096;

  /** Datagrams after which the codec answers, and other tasks have their turn. */
  private static final int BATCH = 64;

  private final Loop loop;
  private final InetSocketAddress self;
  private final Supplier<DatagramPath> path;
  private final PortCounters counters;
  private final DefaultChannelConfig config = new DefaultChannelConfig(this);
  private final Queue<DatagramPacket> arrived = new ArrayBlockingQueue<>(QUEUED);
  private final AtomicBoolean taking = new AtomicBoolean();
  private final LongObjectMap<KeptDatagrams> kept = new LongObjectHashMap<>();
  private volatile Straight straight = new Straight(DirectPaths.NONE, null);
  private volatile boolean open = true;

  /** Paths by UDP, and the way out to them. */
  private record Straight(DirectPaths paths, RunSender sender) {}

  /**
   * @param self this node's address
   * @param path of the moment
   */
  PeerSocket(
      Loop loop, InetSocketAddress self, Supplier<DatagramPath> path, PortCounters counters) {
    super(null);
    this.loop = loop;
    this.self = self;
    this.path = path;
    this.counters = counters;
    config.setWriteBufferWaterMark(new WriteBufferWaterMark(512 << 10, 2 << 20));
  }

  Loop loop() {
    return loop;
  }

  /** From now on datagrams take these paths as long as they answer. Any thread may call. */
  void straight(DirectPaths paths, RunSender sender) {
    straight = new Straight(paths, sender);
  }

  /** A connection to a node begins here. */
  void connected(long node) {
    kept.computeIfAbsent(node, n -> new KeptDatagrams()).connections++;
  }

  /** A connection to a node has ended here. */
  void disconnected(long node) {
    KeptDatagrams last = kept.get(node);
    if (last != null && --last.connections == 0) {
      kept.remove(node);
      last.clear();
    }
  }

  /**
   * A datagram has arrived; from any loop.
   *
   * @param content this takes the reference
   */
  void take(InetSocketAddress from, ByteBuf content) {
    DatagramPacket packet = new DatagramPacket(content, self, from);
    if (!open || !arrived.offer(packet)) {
      counters.overflown.increment();
      packet.release();
    } else if (taking.compareAndSet(false, true)) {
      readLater();
    }
  }

  private void readLater() {
    try {
      loop.netty().execute(this::readArrived);
    } catch (RejectedExecutionException stopped) {
      release();
    }
  }

  private void readArrived() {
    taking.set(false);
    if (!open || !isRegistered()) {
      release();
      return;
    }
    DatagramPacket packet;
    for (int i = 0; i < BATCH && (packet = arrived.poll()) != null; i++) {
      KeptDatagrams last = kept.get(QuicNodeAddress.node(packet.sender()));
      if (last != null) {
        last.clear();
      }
      pipeline().fireChannelRead(packet);
    }
    pipeline().fireChannelReadComplete();
    if (!arrived.isEmpty() && taking.compareAndSet(false, true)) {
      readLater();
    }
  }

  private void release() {
    DatagramPacket packet;
    while ((packet = arrived.poll()) != null) {
      packet.release();
    }
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer in) {
    DatagramPath way = path.get();
    Straight best = straight;
    for (Object message; (message = in.current()) != null; in.remove()) {
      DatagramPacket packet = (DatagramPacket) message;
      // The codec makes an empty one now and then.
      if (packet.content().isReadable()) {
        send(best, way, QuicNodeAddress.node(packet.recipient()), packet.content());
      }
    }
    flush(best);
  }

  private static void flush(Straight best) {
    if (best.sender != null) {
      best.sender.flush();
    }
  }

  private void send(Straight best, DatagramPath way, long node, ByteBuf datagram) {
    KeptDatagrams last = kept.get(node);
    if (last != null) {
      last.keep(datagram);
    }
    give(best, way, node, datagram);
  }

  private static void give(Straight best, DatagramPath way, long node, ByteBuf datagram) {
    DirectPath direct = best.paths.to(node);
    if (direct != null) {
      direct.used();
      if (!direct.doubtful() || !way.reaches(node)) {
        best.sender.send(direct.at(), datagram);
        return;
      }
    }
    int begin = datagram.readerIndex();
    int end = datagram.writerIndex();
    way.send(node, datagram);
    datagram.setIndex(begin, end);
  }

  /** Sends again what was sent to the node last, as far as it may not have come there. */
  void repeat(long node) {
    KeptDatagrams last = kept.get(node);
    if (last != null) {
      DatagramPath way = path.get();
      Straight best = straight;
      last.each(
          datagram -> {
            counters.repeated.increment();
            give(best, way, node, datagram);
          });
      flush(best);
    }
  }

  @Override
  protected void doClose() {
    open = false;
    release();
    kept.values().forEach(KeptDatagrams::clear);
    kept.clear();
  }

  @Override
  public ChannelConfig config() {
    return config;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public boolean isActive() {
    return open;
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  @Override
  protected boolean isCompatible(EventLoop any) {
    return true;
  }

  @Override
  protected SocketAddress localAddress0() {
    return self;
  }

  @Override
  protected SocketAddress remoteAddress0() {
    return null;
  }

  @Override
  protected void doBind(SocketAddress local) {
    throw new UnsupportedOperationException("a node id needs no binding");
  }

  @Override
  protected void doDisconnect() {
    throw new UnsupportedOperationException("it is never connected");
  }

  @Override
  protected void doBeginRead() {
    // What arrives is read as it comes.
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new AbstractUnsafe() {
      @Override
      public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
        promise.setFailure(new UnsupportedOperationException("it is never connected"));
      }
    };
  }
}
