package dev.weft.proxy.utp.machine;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Sends what both windows allow, and again what is lost. Times are microseconds of one clock;
 * whoever has this calls {@link #tick} at {@link #timer}.
 */
final class PacketSender {
  static final long NEVER = SendWindow.NEVER;

  /** Bytes of payload that are taken beyond what is under way. */
  private static final int AHEAD = 64 << 10;

  /** Packets under way that are not full, while more bytes wait for company (RFC 896). */
  private static final int SMALL = 8;

  /** Without an acknowledgement, while there is something to acknowledge. */
  static final long PATIENCE = 30_000_000;

  /** Between packets that ask for a window that was closed; libutp waits as long. */
  private static final long WINDOW_PROBE = 15_000_000;

  private final SendWindow packets;
  private final PacketSize size;
  private final Ledbat congestion;
  private final RetransmitTimeout timeout = new RetransmitTimeout();
  private final Consumer<OutPacket> wire;
  private long peerWindow;
  private long timeoutAt = NEVER;
  private long tailAt = NEVER;
  private long windowProbeAt = NEVER;
  private long windowProbePause;
  private long progressAt;
  private long heardAt;
  private long sentAt;
  private long recovery;
  private long sentAgain;
  private boolean ended;

  /**
   * @param first the number of the first packet
   * @param overhead bytes of IP and UDP headers
   * @param wire sends a packet
   */
  PacketSender(long first, int overhead, Consumer<OutPacket> wire) {
    this.packets = new SendWindow(first);
    this.size = new PacketSize(overhead);
    this.congestion = new Ledbat(size.bytes());
    this.wire = wire;
  }

  SendWindow packets() {
    return packets;
  }

  Ledbat congestion() {
    return congestion;
  }

  RetransmitTimeout timeout() {
    return timeout;
  }

  /** Packets that were sent again. */
  long sentAgain() {
    return sentAgain;
  }

  int size() {
    return size.bytes();
  }

  boolean takes() {
    return !ended
        && !packets.isFull()
        && packets.waiting() < Math.max(AHEAD, Math.min(congestion.window(), peerWindow));
  }

  /** Takes bytes, as many as there is room for. */
  void write(ByteBuffer from) {
    while (from.hasRemaining() && takes()) {
      int limit = from.limit();
      from.limit(Math.min(limit, from.position() + AHEAD));
      packets.append(from, size.bytes());
      from.limit(limit);
    }
  }

  void end() {
    ended = true;
    packets.appendEnd();
  }

  /** Whether the end was asked for. */
  boolean ended() {
    return ended;
  }

  /** Whether the end was asked for, and everything up to it has been acknowledged. */
  boolean finished() {
    return ended && packets.isEmpty();
  }

  /** Whether nothing but the end is left to be acknowledged. */
  boolean onlyEndLeft() {
    return packets.isEmpty() || packets.first().end;
  }

  /** What the other end said it can take; before it has said anything, nothing. */
  void window(long bytes, long now) {
    peerWindow = bytes;
    if (peerWindow >= size.bytes()) {
      windowProbeAt = NEVER;
      windowProbePause = 0;
    } else {
      // It lives, and will open its window some time.
      progressAt = now;
    }
  }

  void heard(long now) {
    heardAt = now;
  }

  /**
   * Takes an acknowledgement.
   *
   * @param upTo from one less than {@link SendWindow#oldest} to less than {@link SendWindow#unsent}
   * @param answer whether the packet is nothing else, so that another one with the same says that
   *     something else has arrived
   */
  void acknowledged(long upTo, UtpHeader header, boolean answer, long now) {
    int flight = packets.flight();
    boolean same = upTo == packets.oldest() - 1;
    SendWindow.Arrived arrived = packets.acknowledged(upTo, header.later(), now);
    if (header.difference() != 0) {
      congestion.delay(header.difference(), now);
    }
    if (arrived.packets > 0) {
      if (arrived.sample > 0) {
        timeout.sample(arrived.sample);
      }
      timeout.progress();
      progressAt = now;
      size.arrived(now);
      congestion.packet(size.bytes());
      congestion.arrived(arrived.bytes, flight, arrived.roundTrip);
      armed(now);
    }
    long lost = 0;
    if (same && answer && !packets.isEmpty()) {
      lost = packets.duplicate(now, timeout.reordering());
    }
    lost = Math.max(lost, packets.findLost(now, timeout.reordering()));
    reduced(lost);
  }

  private void reduced(long lost) {
    if (lost > recovery) {
      // What was sent until now is lost for the same reason.
      recovery = packets.orders();
      congestion.lost();
    }
  }

  /** Begins to wait for what is under way, if anything is. */
  private void armed(long now) {
    timeoutAt =
        packets.isEmpty() || packets.unsent() == packets.oldest() ? NEVER : now + timeout.timeout();
    tailAt = timeoutAt == NEVER || timeout.smoothed() == 0 ? NEVER : now + timeout.tail();
  }

  /** Sends what may be sent now. */
  void flush(long now) {
    if (packets.flight() == 0 && now - sentAt > timeout.timeout()) {
      congestion.rested();
    }
    Optional<OutPacket> next = packets.toSend();
    while (next.isPresent() && fits(next.get(), now)) {
      transmit(next.get(), now);
      next = packets.toSend();
    }
  }

  private boolean fits(OutPacket packet, long now) {
    if (packet.sent == 0 && packet.payload() > 0) {
      long free = peerWindow - packets.unacknowledged();
      if (free < packet.payload()) {
        if (packets.unacknowledged() == 0 && windowProbeAt == NEVER) {
          windowProbePause = Math.min(WINDOW_PROBE, Math.max(500_000, 2 * windowProbePause));
          windowProbeAt = now + windowProbePause;
        }
        return false;
      }
      if (packet.room() > 0 && packets.small() >= SMALL && !ended) {
        return false;
      }
    }
    // The oldest is sent again at once: libutp tells of 32 packets behind it only, so that what
    // seems to be under way has perhaps arrived.
    return packets.flight() == 0
        || packets.flight() + packet.length <= congestion.window()
        || (packet.lost && packet.number == packets.oldest());
  }

  private void transmit(OutPacket packet, long now) {
    if (packets.unsent() == packets.oldest()) {
      progressAt = now;
    }
    if (packet.sent > 0) {
      sentAgain++;
    } else {
      size.sending(packet, now);
    }
    packets.sent(packet, now);
    sentAt = now;
    if (timeoutAt == NEVER) {
      armed(now);
    } else if (tailAt != NEVER) {
      tailAt = now + timeout.tail();
    }
    wire.accept(packet);
  }

  /** When to call {@link #tick}. */
  long timer() {
    long at = Math.min(Math.min(timeoutAt, tailAt), Math.min(windowProbeAt, packets.suspectAt()));
    return packets.unsent() == packets.oldest() ? at : Math.min(at, progressAt + PATIENCE);
  }

  /**
   * Does what is due.
   *
   * @return whether the connection has ended, since nothing is acknowledged
   */
  boolean tick(long now) {
    boolean underWay = packets.unsent() > packets.oldest();
    if (underWay && now - progressAt >= PATIENCE) {
      return true;
    }
    if (packets.suspectAt() <= now) {
      reduced(packets.findLost(now, timeout.reordering()));
    }
    if (timeoutAt <= now) {
      timedOut(now);
    } else if (tailAt <= now) {
      tailAt = NEVER;
      packets.asking().ifPresent(asking -> transmit(asking, now));
      tailAt = NEVER;
    }
    if (windowProbeAt <= now) {
      windowProbeAt = NEVER;
      askForWindow(now);
    }
    flush(now);
    return false;
  }

  private void timedOut(long now) {
    OutPacket first = packets.first();
    size.timeout(first, heardAt > first.firstSentAt, now);
    congestion.packet(size.bytes());
    congestion.timeout();
    timeout.doubled();
    packets.loseAll();
    recovery = packets.orders();
    timeoutAt = NEVER;
    tailAt = NEVER;
    transmit(first, now);
    tailAt = NEVER;
  }

  private void askForWindow(long now) {
    Optional<OutPacket> next = packets.toSend();
    if (next.isPresent() && packets.unacknowledged() == 0) {
      transmit(next.get(), now);
    }
  }
}
