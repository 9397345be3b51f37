package dev.weft.wire.path;

import dev.weft.linux.LinuxException;
import dev.weft.linux.PacketSocket;
import dev.weft.linux.RecvRing;
import dev.weft.linux.SendRing;
import dev.weft.rpc.Caller;
import io.netty.buffer.ByteBuf;
import java.util.function.Predicate;

/**
 * The end of a grpc wire on this node: frames from the peer go to its packet socket, and frames for
 * the peer come from there.
 */
public final class WireEnd {
  private final long interfaceId;
  private final Predicate<Caller> peer;
  private final int ifindex;
  private final PacketSocket socket;
  private final TrafficCounter sent;
  private final TrafficCounter received;

  /** Null for an end that lets everything pass. */
  private final FrameFilter filter;

  /** Where the end has no socket; null for one that has. */
  private final SegmentPort port;

  private boolean closed;

  /**
   * @param interfaceId random, 62 bits: only the peer node learns it
   * @param peer tells whether a caller may send frames to this end
   */
  public WireEnd(
      long interfaceId,
      Predicate<Caller> peer,
      int ifindex,
      PacketSocket socket,
      TrafficCounter sent,
      TrafficCounter received) {
    this(interfaceId, peer, ifindex, socket, sent, received, null);
  }

  /**
   * @param filter decides which frames pass, in both directions; null for all
   */
  public WireEnd(
      long interfaceId,
      Predicate<Caller> peer,
      int ifindex,
      PacketSocket socket,
      TrafficCounter sent,
      TrafficCounter received,
      FrameFilter filter) {
    this(interfaceId, peer, ifindex, socket, sent, received, filter, null);
  }

  /** An end at a segment. */
  public WireEnd(
      long interfaceId,
      Predicate<Caller> peer,
      SegmentPort port,
      TrafficCounter sent,
      TrafficCounter received) {
    this(interfaceId, peer, 0, null, sent, received, null, port);
  }

  private WireEnd(
      long interfaceId,
      Predicate<Caller> peer,
      int ifindex,
      PacketSocket socket,
      TrafficCounter sent,
      TrafficCounter received,
      FrameFilter filter,
      SegmentPort port) {
    this.interfaceId = interfaceId;
    this.peer = peer;
    this.ifindex = ifindex;
    this.socket = socket;
    this.sent = sent;
    this.received = received;
    this.filter = filter;
    this.port = port;
  }

  /** The port of a segment that the end is; null for an end with a socket. */
  SegmentPort port() {
    return port;
  }

  public long interfaceId() {
    return interfaceId;
  }

  /** Whether the caller has the wire's other end. */
  boolean isPeer(Caller caller) {
    return peer.test(caller);
  }

  /** Whether the frame in a slot may go to the peer. */
  boolean sends(RecvRing ring, int slot) {
    return filter == null || filter.sends(ring.frame(slot));
  }

  /** Whether a frame of the peer's may come in. */
  boolean takes(ByteBuf source, int frame, int length) {
    return filter == null || filter.takes(source.internalNioBuffer(frame, length));
  }

  public int ifindex() {
    return ifindex;
  }

  PacketSocket socket() {
    return socket;
  }

  /** Frames from the pod towards the peer. */
  TrafficCounter sent() {
    return sent;
  }

  /** Frames from the peer towards the pod. */
  TrafficCounter received() {
    return received;
  }

  /**
   * Sends the ring's frames to the pod's interface and empties the ring; returns how many the
   * kernel accepted, and counts the others. Locked against {@link #close}: a closed descriptor's
   * number may be another socket's already.
   */
  synchronized int send(SendRing ring) {
    int taken = 0;
    int next = 0;
    while (!closed && next < ring.size()) {
      int n = socket.send(ring, next, ring.size() - next);
      if (n == 0) {
        // The link's queue is full: the rest is dropped, as by any link.
        break;
      }
      if (n < 0) {
        received.dropped(causeOf(n), 1);
      }
      taken += Math.max(n, 0);
      next += Math.max(n, 1);
    }
    received.dropped(closed ? DropCause.REFUSED : DropCause.QUEUE, ring.size() - next);
    ring.clear();
    return taken;
  }

  private static DropCause causeOf(int refusal) {
    if (PacketSocket.isQueueFull(refusal)) {
      return DropCause.QUEUE;
    }
    return PacketSocket.isTooLong(refusal) ? DropCause.TOO_LONG : DropCause.REFUSED;
  }

  /** Adds what the kernel dropped because the socket's buffer was full: reading resets it. */
  public synchronized void countKernelDrops() {
    if (closed || port != null) {
      return;
    }
    try {
      sent.dropped(DropCause.QUEUE, socket.statistics().dropped());
    } catch (LinuxException e) {
      throw new IllegalStateException("an open packet socket has statistics", e);
    }
  }

  synchronized boolean closed() {
    return closed;
  }

  /** To be called once no driver reads the socket any more. Blocks, but no sender. */
  void close() {
    synchronized (this) {
      closed = true;
    }
    if (port != null) {
      port.close();
    } else {
      socket.close();
    }
  }
}
