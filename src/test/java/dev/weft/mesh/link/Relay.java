package dev.weft.mesh.link;

import dev.weft.mesh.route.RouteAnnouncement;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Random;

/**
 * A line of three nodes on one thread: what the first sends to the third is carried by the one
 * between. Frames cross a link when {@link #deliver} is called.
 */
public final class Relay {
  public static final long FIRST = 0x0101_0101_0101_0101L;
  public static final long BETWEEN = 0x0202_0202_0202_0202L;
  public static final long LAST = 0x0303_0303_0303_0303L;

  /** One end of a link, with the frames that arrive for it. */
  private class End implements LinkProtocol.Output {
    final LinkProtocol protocol;
    final Queue<ByteBuf> arriving = new ArrayDeque<>(256);
    End other;

    End(long self, long seed) {
      byte[] fingerprint = ByteBuffer.allocate(32).putLong(self).array();
      protocol =
          new LinkProtocol(
              new LinkProtocol.Settings(self, fingerprint, "", true, false, OptionalLong.empty()),
              new Random(seed),
              this);
    }

    @Override
    public void transmit(ByteBuf frame) {
      other.arriving.add(frame);
    }

    @Override
    public void introduced(long peer, boolean peerRelays, String seenFrom) {}

    @Override
    public void message(long source, long destination, ByteBuf payload) {
      received++;
      receivedBytes += payload.readableBytes();
    }

    @Override
    public void announced(List<RouteAnnouncement> all) {}

    @Override
    public void carries(boolean up) {}

    @Override
    public void rtt(long micros) {}

    @Override
    public void failed(String reason) {
      throw new IllegalStateException(reason);
    }

    void deliver(long now) {
      ByteBuf frame;
      while ((frame = arriving.poll()) != null) {
        protocol.receive(frame, now);
        frame.release();
      }
      if (protocol.deadline() <= now) {
        protocol.expire(now);
      }
    }
  }

  private final End first = new End(FIRST, 1);

  private final End incoming =
      new End(BETWEEN, 2) {
        @Override
        public void message(long source, long destination, ByteBuf payload) {
          int at = payload.readerIndex();
          payload.setByte(at, payload.getByte(at) - 1);
          outgoing.protocol.send(source, destination, payload.retain(), now);
        }
      };

  private final End outgoing = new End(BETWEEN, 3);
  private final End last = new End(LAST, 4);
  private long now;
  private long received;
  private long receivedBytes;

  /**
   * @param begin the time, nanoseconds
   */
  public Relay(long begin) {
    first.other = incoming;
    incoming.other = first;
    outgoing.other = last;
    last.other = outgoing;
    now = begin;
    List.of(first, incoming, outgoing, last).forEach(e -> e.protocol.start(begin));
    for (int i = 0; i < 10; i++) {
      deliver(begin);
    }
    if (!first.protocol.isUp() || !outgoing.protocol.isUp()) {
      throw new IllegalStateException("the links are not up");
    }
  }

  /** Sends a message from the first node to the last; takes the reference. */
  public void send(ByteBuf payload) {
    first.protocol.send(FIRST, LAST, payload, now);
  }

  /** Frames cross each link, in both directions. */
  public void deliver(long time) {
    now = time;
    incoming.deliver(time);
    last.deliver(time);
    outgoing.deliver(time);
    first.deliver(time);
  }

  /** Messages that the last node has received. */
  public long received() {
    return received;
  }

  public long receivedBytes() {
    return receivedBytes;
  }

  /** Frames that the three nodes dropped. */
  public long dropped() {
    return first.protocol.unsent()
        + outgoing.protocol.unsent()
        + incoming.protocol.badFrames()
        + last.protocol.badFrames();
  }
}
