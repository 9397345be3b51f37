package dev.weft.reach;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.net.InetSocketAddress;

/**
 * Sends datagrams of one loop from a UDP port: those of one length that follow each other, and one
 * shorter behind them, in one send (UDP_SEGMENT). What finds the socket full is lost, as on any
 * path. For one loop.
 */
final class RunSender {
  private static final int MOST = 32;

  private final Demultiplexer socket;
  private final boolean segments;
  private final PortCounters counters;
  private final ByteBuf[] run = new ByteBuf[MOST];
  private int count;
  private int segment;
  private boolean ended;
  private InetSocketAddress to;
  private boolean written;

  /**
   * @param socket the loop's own or another's
   * @param segments whether a run may be one send
   */
  RunSender(Demultiplexer socket, boolean segments, PortCounters counters) {
    this.socket = socket;
    this.segments = segments;
    this.counters = counters;
  }

  /**
   * Sends a datagram, with {@link #flush} at the latest.
   *
   * @param datagram borrowed; its bytes must stay as they are
   */
  void send(InetSocketAddress address, ByteBuf datagram) {
    int length = datagram.readableBytes();
    boolean follows =
        count > 0 && count < MOST && !ended && length <= segment && to.equals(address);
    if (!follows) {
      write();
      segment = length;
      to = address;
    }
    ended = !segments || length < segment;
    run[count++] = datagram.retainedDuplicate();
  }

  private void write() {
    if (count == 0) {
      return;
    }
    DatagramPacket packet;
    if (count == 1) {
      packet = new DatagramPacket(run[0], to);
    } else {
      CompositeByteBuf all = ByteBufAllocator.DEFAULT.compositeDirectBuffer(count);
      for (int i = 0; i < count; i++) {
        all.addComponent(true, run[i]);
      }
      packet = new SegmentedDatagramPacket(all, segment, to);
    }
    if (socket.write(packet)) {
      counters.direct.add(count);
      written = true;
    } else {
      counters.overflown.add(count);
    }
    count = 0;
    ended = false;
  }

  void flush() {
    write();
    if (written) {
      written = false;
      socket.flush();
    }
  }
}
