package dev.weft.subnet.tunnel;

import dev.weft.address.Cidr;
import dev.weft.subnet.tunnel.TunnelTraffic.Cause;
import dev.weft.wire.path.FrameFilter;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * The packets that may cross a tunnel: from an address of the sender's subnet to one of the
 * receiver's. So no node can speak in the name of another one's pods, nor use this one as a router
 * to elsewhere. All others are dropped and counted.
 */
final class TunnelPackets implements FrameFilter {
  /** Of the device at each end of each tunnel, so that it needs no ARP. */
  static final String MAC = "02:77:65:66:74:00";

  private static final int MAC_FIRST = 0x0277_6566;
  private static final int MAC_LAST = 0x7400;

  private static final int ETHERNET = 14;
  private static final int ETHERTYPE = 12;
  private static final int IPV4 = 0x0800;
  private static final int IPV4_HEADER = 20;
  private static final int IPV4_LENGTH = 2;
  private static final int IPV4_SOURCE = 12;
  private static final int IPV4_DESTINATION = 16;
  private static final int IPV6 = 0x86dd;
  private static final int IPV6_HEADER = 40;
  private static final int IPV6_LENGTH = 4;
  private static final int IPV6_SOURCE = 8;
  private static final int IPV6_DESTINATION = 24;

  private final TunnelTraffic sent;
  private final TunnelTraffic received;

  /** Both subnets, which may change; one field, so that they change together. */
  private volatile Ends ends;

  /** The subnets of both ends in one family. */
  private record Family(AddressMatch own, AddressMatch peer) {
    /** Null where either end has none. */
    static Family of(boolean four, List<Cidr> own, List<Cidr> peer) {
      Optional<AddressMatch> here = match(four, own);
      Optional<AddressMatch> there = match(four, peer);
      return here.isPresent() && there.isPresent() ? new Family(here.get(), there.get()) : null;
    }

    private static Optional<AddressMatch> match(boolean four, List<Cidr> subnets) {
      return subnets.stream().map(AddressMatch::of).filter(m -> m.four() == four).findFirst();
    }
  }

  private record Ends(Family four, Family six) {
    /** Of the family of a frame; null if that does not cross. */
    Family of(ByteBuffer frame) {
      return frame.remaining() < ETHERNET || type(frame) == IPV4 ? four : six;
    }
  }

  TunnelPackets(TunnelTraffic sent, TunnelTraffic received, List<Cidr> own, List<Cidr> peer) {
    this.sent = sent;
    this.received = received;
    between(own, peer);
  }

  void between(List<Cidr> own, List<Cidr> peer) {
    ends = new Ends(Family.of(true, own, peer), Family.of(false, own, peer));
  }

  @Override
  public boolean sends(ByteBuffer frame) {
    Family now = ends.of(frame);
    return passes(sent, now == null ? Cause.MALFORMED : judge(frame, now.own(), now.peer()));
  }

  @Override
  public boolean takes(ByteBuffer frame) {
    Family now = ends.of(frame);
    return passes(received, now == null ? Cause.MALFORMED : judge(frame, now.peer(), now.own()));
  }

  private static boolean passes(TunnelTraffic direction, Cause refusal) {
    if (refusal == null) {
      return true;
    }
    direction.refuse(refusal);
    return false;
  }

  /** Why a frame may not cross; null if it may. */
  static Cause judge(ByteBuffer frame, AddressMatch from, AddressMatch to) {
    int at = frame.position();
    int bytes = frame.remaining() - ETHERNET;
    int ip = at + ETHERNET;
    if (bytes < (from.four() ? IPV4_HEADER : IPV6_HEADER)
        || frame.getInt(at) != MAC_FIRST
        || frame.getShort(at + 4) != MAC_LAST
        || type(frame) != (from.four() ? IPV4 : IPV6)
        || !(from.four() ? isWhole4(frame, ip, bytes) : isWhole6(frame, ip, bytes))) {
      return Cause.MALFORMED;
    }
    if (!from.matches(frame, ip + (from.four() ? IPV4_SOURCE : IPV6_SOURCE))) {
      return Cause.SOURCE;
    }
    return to.matches(frame, ip + (from.four() ? IPV4_DESTINATION : IPV6_DESTINATION))
        ? null
        : Cause.DESTINATION;
  }

  private static int type(ByteBuffer frame) {
    return frame.getShort(frame.position() + ETHERTYPE) & 0xffff;
  }

  /** RFC 791, section 3.1: version 4, a header and a length that the frame has room for. */
  private static boolean isWhole4(ByteBuffer frame, int ip, int bytes) {
    int first = frame.get(ip) & 0xff;
    int header = (first & 0x0f) * 4;
    int total = frame.getShort(ip + IPV4_LENGTH) & 0xffff;
    return first >> 4 == 4 && header >= IPV4_HEADER && total >= header && total <= bytes;
  }

  /** RFC 8200, section 3. */
  private static boolean isWhole6(ByteBuffer frame, int ip, int bytes) {
    int payload = frame.getShort(ip + IPV6_LENGTH) & 0xffff;
    return (frame.get(ip) & 0xf0) == 0x60 && payload <= bytes - IPV6_HEADER;
  }
}
