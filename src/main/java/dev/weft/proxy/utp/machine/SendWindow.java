package dev.weft.proxy.utp.machine;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Optional;

/**
 * Packets between the application and the acknowledgement: which have arrived, which are lost (RFC
 * 9002 section 6.1). Holds at most {@value #MOST}.
 */
final class SendWindow {
  /** A receiver like libutp's looks at numbers less than 1024 beyond what it has. */
  static final int MOST = 1000;

  static final long NEVER = Long.MAX_VALUE;

  private static final int RING = 1024;

  /** Packets sent later that have arrived, after which one is lost. */
  private static final int OVERTAKEN = 3;

  private final OutPacket[] ring = new OutPacket[RING];
  private long oldest;
  private long unsent;
  private long next;
  private long orders;
  private long highestArrived;
  private long latestOrder;
  private int lostPackets;
  private int flight;
  private int unacknowledged;
  private int waiting;
  private int small;
  private long suspectAt = NEVER;

  /** What an acknowledgement tells. */
  static final class Arrived {
    int bytes;
    int packets;

    /** Microseconds, the least; {@link #NEVER} if none arrived. */
    long roundTrip = NEVER;

    /** Of a packet that was sent once; 0 if there is none. */
    long sample;
  }

  /**
   * @param first the number of the first packet
   */
  SendWindow(long first) {
    oldest = first;
    unsent = first;
    next = first;
    highestArrived = first - 1;
  }

  private OutPacket at(long number) {
    return ring[(int) (number & (RING - 1))];
  }

  /** The number of the next packet. */
  long next() {
    return next;
  }

  /** The number of the first packet that was never sent. */
  long unsent() {
    return unsent;
  }

  /** The number of the first packet that is not known to have arrived. */
  long oldest() {
    return oldest;
  }

  boolean isEmpty() {
    return oldest == next;
  }

  boolean isFull() {
    return next - oldest >= MOST;
  }

  /** Bytes of payload that were never sent. */
  int waiting() {
    return waiting;
  }

  /** Bytes that are under way, headers too. */
  int flight() {
    return flight;
  }

  /** Bytes of payload that were sent and not acknowledged. */
  int unacknowledged() {
    return unacknowledged;
  }

  /** Packets under way that are not full. */
  int small() {
    return small;
  }

  /** When a packet that was overtaken will count as lost; {@link #NEVER} if there is none. */
  long suspectAt() {
    return suspectAt;
  }

  /**
   * Takes bytes, into the last packet if it was not sent yet.
   *
   * @param size bytes of a full datagram
   */
  void append(ByteBuffer from, int size) {
    while (from.hasRemaining()) {
      OutPacket last = unsent < next ? at(next - 1) : null;
      if (last == null || last.room() == 0) {
        if (isFull()) {
          return;
        }
        last = put(size, false);
      }
      int part = Math.min(from.remaining(), last.room());
      from.get(last.bytes, last.length, part);
      last.length += part;
      waiting += part;
    }
  }

  /** The end; there is always room for it. */
  void appendEnd() {
    put(UtpHeader.LENGTH, true);
  }

  private OutPacket put(int size, boolean end) {
    OutPacket packet = new OutPacket(next, size, end);
    ring[(int) (next++ & (RING - 1))] = packet;
    return packet;
  }

  /** What to send next: what is lost, then what was never sent. */
  Optional<OutPacket> toSend() {
    if (lostPackets > 0) {
      for (long n = oldest; n < unsent; n++) {
        OutPacket packet = at(n);
        if (packet.lost && !packet.arrived) {
          return Optional.of(packet);
        }
      }
    }
    return unsent < next ? Optional.of(at(unsent)) : Optional.empty();
  }

  /** The oldest packet. */
  OutPacket first() {
    return at(oldest);
  }

  /**
   * What is sent again to learn what has arrived: the last packet that is under way, or the first
   * if it is known to be late.
   */
  Optional<OutPacket> asking() {
    if (highestArrived > oldest && at(oldest).underWay()) {
      return Optional.of(at(oldest));
    }
    for (long n = unsent - 1; n >= oldest; n--) {
      if (at(n).underWay()) {
        return Optional.of(at(n));
      }
    }
    return Optional.empty();
  }

  /** The packet is being sent, perhaps again. */
  void sent(OutPacket packet, long now) {
    if (packet.sent++ == 0) {
      unsent = packet.number + 1;
      packet.firstSentAt = now;
      waiting -= packet.payload();
      unacknowledged += packet.payload();
      begin(packet);
    } else if (packet.lost) {
      packet.lost = false;
      lostPackets--;
      begin(packet);
    }
    packet.sentAt = now;
    packet.order = ++orders;
    packet.duplicates = 0;
  }

  private void begin(OutPacket packet) {
    flight += packet.length;
    small += packet.room() > 0 ? 1 : 0;
  }

  private void end(OutPacket packet) {
    flight -= packet.length;
    small -= packet.room() > 0 ? 1 : 0;
  }

  /**
   * All packets up to one, and some later ones, have arrived.
   *
   * @param upTo less than {@link #unsent}
   * @param later bit 0 is upTo + 2
   */
  Arrived acknowledged(long upTo, BitSet later, long now) {
    Arrived arrived = new Arrived();
    for (; oldest <= upTo; oldest++) {
      arrive(at(oldest), arrived, now);
      ring[(int) (oldest & (RING - 1))] = null;
    }
    for (int i = later.nextSetBit(0); i >= 0; i = later.nextSetBit(i + 1)) {
      long number = upTo + 2 + i;
      if (number >= unsent) {
        break;
      }
      if (number >= oldest) {
        arrive(at(number), arrived, now);
      }
    }
    // An acknowledgement that was overtaken may name the oldest one.
    for (; oldest < unsent && at(oldest).arrived; oldest++) {
      ring[(int) (oldest & (RING - 1))] = null;
    }
    return arrived;
  }

  private void arrive(OutPacket packet, Arrived arrived, long now) {
    highestArrived = Math.max(highestArrived, packet.number);
    if (packet.arrived) {
      return;
    }
    if (packet.lost) {
      lostPackets--;
    } else {
      end(packet);
    }
    packet.arrived = true;
    unacknowledged -= packet.payload();
    arrived.bytes += packet.length;
    arrived.packets++;
    long roundTrip = now - packet.sentAt;
    arrived.roundTrip = Math.min(arrived.roundTrip, roundTrip);
    if (packet.sent == 1) {
      arrived.sample = Math.max(1, roundTrip);
    }
    latestOrder = Math.max(latestOrder, packet.order);
  }

  /**
   * Finds out what is lost.
   *
   * @param reordering microseconds by which packets may overtake each other
   * @return the greatest order among what is lost now; 0 if nothing is
   */
  long findLost(long now, long reordering) {
    suspectAt = NEVER;
    long greatest = 0;
    for (long n = oldest; n < highestArrived; n++) {
      OutPacket packet = at(n);
      if (!packet.underWay() || packet.order >= latestOrder) {
        continue;
      }
      if (latestOrder - packet.order >= OVERTAKEN || now - packet.sentAt >= reordering) {
        greatest = Math.max(greatest, packet.order);
        lose(packet);
      } else {
        suspectAt = Math.min(suspectAt, packet.sentAt + reordering);
      }
    }
    return greatest;
  }

  /**
   * An acknowledgement said nothing new: the first packet is lost after three of them, of which
   * none comes from before it was sent, and which are not what packets that came twice cause.
   *
   * @return as {@link #findLost}
   */
  long duplicate(long now, long reordering) {
    OutPacket packet = first();
    if (!packet.underWay() || ++packet.duplicates < OVERTAKEN || now - packet.sentAt < reordering) {
      return 0;
    }
    lose(packet);
    return packet.order;
  }

  /** Nothing has arrived for too long. */
  void loseAll() {
    for (long n = oldest; n < unsent; n++) {
      if (at(n).underWay()) {
        lose(at(n));
      }
    }
    suspectAt = NEVER;
  }

  private void lose(OutPacket packet) {
    packet.lost = true;
    lostPackets++;
    end(packet);
  }

  /** How many packets have been sent, those sent again too. */
  long orders() {
    return orders;
  }
}
