package dev.weft.wire.path;

import io.netty.buffer.ByteBuf;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;

/**
 * An Ethernet segment of any number of ends: a learning switch whose ports are wires' ends. It
 * knows addresses and no VLANs; tags cross unchanged. Ports work on their streams' event loops.
 */
public final class Segment {
  /** 01:80:c2:00:00:0X, which bridges keep to themselves (IEEE 802.1D, table 7-10). */
  private static final long LINK_LOCAL = 0x0180c2000000L;

  private static final long LINK_LOCAL_MASK = 0xfffffffffff0L;
  private static final long GROUP = 0x010000000000L;

  private final LongSupplier nanoTime;
  private final List<SegmentPort> ports = new CopyOnWriteArrayList<>();
  private final MacTable<SegmentPort> macs = new MacTable<>();
  private volatile int passes;

  /**
   * @param nanoTime the clock, as System.nanoTime
   */
  public Segment(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** A new port, for the end of a wire. */
  public SegmentPort port(TrafficCounter sent) {
    SegmentPort port = new SegmentPort(this, sent);
    ports.add(port);
    return port;
  }

  /**
   * Which link-local frames pass.
   *
   * @param last a bit for each last byte of their addresses
   */
  public void passes(int last) {
    passes = last;
  }

  public boolean isEmpty() {
    return ports.isEmpty();
  }

  void remove(SegmentPort port) {
    ports.remove(port);
    forget(port);
  }

  /** Addresses behind a port are not known any more. */
  void forget(SegmentPort port) {
    macs.forget(port);
  }

  /**
   * Where a frame goes that came in by a port; learns its sender.
   *
   * @param frame index of its first byte
   */
  Collection<SegmentPort> towards(SegmentPort from, ByteBuf source, int frame) {
    long to = mac(source, frame);
    long sender = mac(source, frame + 6);
    long now = nanoTime.getAsLong();
    if ((sender & GROUP) == 0) {
      macs.learn(sender, from, now);
    }
    if ((to & LINK_LOCAL_MASK) == LINK_LOCAL && (passes >> (to & 0xf) & 1) == 0) {
      return List.of();
    }
    SegmentPort known = (to & GROUP) == 0 ? macs.find(to, now) : null;
    return known == null ? ports : List.of(known);
  }

  private static long mac(ByteBuf source, int at) {
    return (source.getInt(at) & 0xffffffffL) << 16 | source.getUnsignedShort(at + 4);
  }
}
