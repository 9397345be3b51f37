package dev.weft.proxy.utp.machine;

import java.util.Optional;

/**
 * How large datagrams are: at first what every path of IPv6 carries, then more, if a packet with
 * padding has come through (RFC 8899). A packet keeps its number and its bytes for ever, so none
 * may be sent that the path does not carry; padding is left out when it is sent again.
 */
final class PacketSize {
  /** Bytes of an IP packet. */
  private static final int SMALL = 1280;

  private static final int LARGE = 1400;
  private static final int TRIES = 3;

  /** Between the tries, and until the next ones. */
  private static final long SOON = 1_000_000;

  private static final long LATER = 600_000_000;

  /** Losses of one large packet in a row, while others arrive, and while none does. */
  private static final int LOSSES = 2;

  private static final int SILENT_LOSSES = 4;

  private final int overhead;
  private boolean large;
  private Optional<OutPacket> probe = Optional.empty();
  private int tries;
  private long probeAt;

  /**
   * @param overhead bytes of IP and UDP headers
   */
  PacketSize(int overhead) {
    this.overhead = overhead;
  }

  /** Bytes of a datagram. */
  int bytes() {
    return (large ? LARGE : SMALL) - overhead;
  }

  /** A packet is being sent for the first time; it may get padding. */
  void sending(OutPacket packet, long now) {
    if (!large && probe.isEmpty() && now >= probeAt && packet.length == bytes()) {
      packet.padding = LARGE - SMALL;
      probe = Optional.of(packet);
    }
  }

  /** Packets have arrived. */
  void arrived(long now) {
    if (probe.isPresent() && probe.get().arrived) {
      large = probe.get().sent == 1;
      probe = Optional.empty();
      tries = large ? 0 : tries + 1;
      probeAt = now + (tries % TRIES == 0 ? LATER : SOON);
    }
  }

  /**
   * A packet was not acknowledged in time.
   *
   * @param heard whether the other end was heard since it was sent first
   */
  void timeout(OutPacket packet, boolean heard, long now) {
    if (large
        && packet.length > SMALL - overhead
        && packet.sent >= (heard ? LOSSES : SILENT_LOSSES)) {
      large = false;
      probeAt = now + LATER;
    }
  }
}
