package dev.weft.reach;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Stands before the codecs of one loop's socket and gives each datagram to the codec that has its
 * connection: of the same loop, or of another, which takes it from a bounded queue. A codec takes
 * all that it is given and passes nothing on, so the second one is reached from the first's place
 * in the pipeline.
 */
final class Demultiplexer extends ChannelInboundHandlerAdapter {
  private static final int HANDED_OVER = 1024;

  private final int number;
  private final ConnectionIds ids;
  private final List<Demultiplexer> all;
  private final PortCounters counters;
  private final ChannelHandler accepting;
  private final boolean accepts;
  private final List<SideProtocol> others;
  private final Queue<DatagramPacket> handedOver = new ArrayBlockingQueue<>(HANDED_OVER);
  private final AtomicBoolean taking = new AtomicBoolean();
  private volatile ChannelHandlerContext toAccepting;
  private ChannelHandlerContext toDialling;

  /**
   * @param all those of the port, by loop
   * @param accepting the codec that follows; behind it stands the one of dialled connections
   * @param accepts whether others may open connections
   * @param others protocols besides QUIC; more may come
   */
  Demultiplexer(
      int number,
      ConnectionIds ids,
      List<Demultiplexer> all,
      PortCounters counters,
      ChannelHandler accepting,
      boolean accepts,
      List<SideProtocol> others) {
    this.number = number;
    this.ids = ids;
    this.all = all;
    this.counters = counters;
    this.accepting = accepting;
    this.accepts = accepts;
    this.others = others;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    toDialling = ctx.pipeline().context(accepting);
    toAccepting = ctx;
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    DatagramPacket packet = (DatagramPacket) message;
    int owner = ids.owner(packet.content());
    if (owner < 0 && isOthers(packet)) {
      packet.release();
      return;
    }
    if (owner == ConnectionIds.UNKNOWN || (!accepts && !ConnectionIds.isDialled(owner))) {
      counters.unknown.increment();
      packet.release();
      return;
    }
    int loop = owner == ConnectionIds.NEW ? number : ConnectionIds.loop(owner);
    if (loop == number) {
      give(packet, owner);
    } else if (loop < all.size()) {
      all.get(loop).take(packet);
    } else {
      counters.unknown.increment();
      packet.release();
    }
  }

  private boolean isOthers(DatagramPacket packet) {
    for (SideProtocol other : others) {
      if (other.arrived(packet.sender(), packet.content())) {
        return true;
      }
    }
    return false;
  }

  /** Sends a datagram of another protocol; takes it. Any thread may call. */
  void send(DatagramPacket packet) {
    ChannelHandlerContext from = toAccepting;
    if (from == null) {
      packet.release();
    } else {
      // The codecs above take no datagrams from others.
      // A promise of its own keeps an error, as of a network that is not there, from the pipeline.
      var unused = from.writeAndFlush(packet);
    }
  }

  /**
   * Sends a datagram or a run of them with the next {@link #flush}; takes it. Any thread may call.
   *
   * @return whether there was room
   */
  boolean write(DatagramPacket packet) {
    ChannelHandlerContext from = toAccepting;
    if (from == null || !from.channel().isWritable()) {
      packet.release();
      return false;
    }
    var unused = from.write(packet);
    return true;
  }

  void flush() {
    ChannelHandlerContext from = toAccepting;
    if (from != null) {
      from.flush();
    }
  }

  private void give(DatagramPacket packet, int owner) {
    (ConnectionIds.isDialled(owner) ? toDialling : toAccepting).fireChannelRead(packet);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    readComplete();
  }

  private void readComplete() {
    toAccepting.fireChannelReadComplete();
    toDialling.fireChannelReadComplete();
  }

  /** From another loop. */
  private void take(DatagramPacket packet) {
    ChannelHandlerContext here = toAccepting;
    if (here == null || !handedOver.offer(packet)) {
      counters.overflown.increment();
      packet.release();
      return;
    }
    counters.handedOver.increment();
    if (taking.compareAndSet(false, true)) {
      giveLater(here);
    }
  }

  private void giveLater(ChannelHandlerContext here) {
    try {
      here.executor().execute(this::giveHandedOver);
    } catch (RejectedExecutionException stopped) {
      releaseHandedOver();
    }
  }

  private void giveHandedOver() {
    taking.set(false);
    boolean open = toAccepting.channel().isActive();
    DatagramPacket packet;
    // At most one queue: what comes meanwhile has its turn behind this loop's own socket.
    for (int i = 0; i < HANDED_OVER && (packet = handedOver.poll()) != null; i++) {
      if (open) {
        give(packet, ids.owner(packet.content()));
      } else {
        packet.release();
      }
    }
    if (open) {
      readComplete();
    }
    if (!handedOver.isEmpty() && taking.compareAndSet(false, true)) {
      giveLater(toAccepting);
    }
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    releaseHandedOver();
  }

  private void releaseHandedOver() {
    DatagramPacket packet;
    while ((packet = handedOver.poll()) != null) {
      packet.release();
    }
  }
}
