package dev.weft.wire.path.offload;

import dev.weft.linux.VnetHeader;
import java.nio.ByteBuffer;

/**
 * Datagrams of one flow that follow one another and that one super-frame of UDP segmentation can
 * stand for: cut up again, they are what they were, byte by byte. The rules are those of the
 * kernel's own receive offload (net/ipv4/udp_offload.c), and narrower: IPv4 identifications must
 * count up, which cutting does, and the sender must have left the checksum to its device, so that a
 * pod whose offloads are off gets and gives single frames.
 *
 * <p>Begun by {@link #open}, grown by {@link #add}, then {@link #close}.
 */
public final class DatagramRun {
  /** {@code UDP_MAX_SEGMENTS} of older kernels. */
  static final int MAX_SEGMENTS = 64;

  /** A super-frame stays well below the 64 KiB of an IP packet. */
  static final int MAX_PAYLOAD = 60_000;

  private static final int ETHERNET = 14;
  private static final int ETHERTYPE = 12;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;
  private static final int IPV4_HEADER = 20;
  private static final int IPV6_HEADER = 40;
  private static final int UDP = 17;
  private static final int UDP_HEADER = 8;
  private static final int UDP_LENGTH = 4;
  private static final int UDP_CHECKSUM = 6;

  private ByteBuffer first;
  private long word;
  private boolean six;
  private int udp;
  private int segment;
  private int payload;
  private int segments;
  private boolean complete;

  /**
   * Begins a run.
   *
   * @param frame from its position to its limit, big-endian; it is kept, and must stay as it is,
   *     until {@link #close}
   * @param vnetWord its vnet header, see {@link VnetHeader}
   * @return false if the frame cannot be one of several, and there is no run
   */
  public boolean open(ByteBuffer frame, long vnetWord, int checksumOffset) {
    int length = frame.remaining();
    int at = frame.position();
    if (VnetHeader.flags(vnetWord) != VnetHeader.NEEDS_CHECKSUM
        || VnetHeader.gsoType(vnetWord) != VnetHeader.GSO_NONE
        || checksumOffset != UDP_CHECKSUM
        || length <= ETHERNET + IPV4_HEADER + UDP_HEADER
        || (frame.get(at) & 1) != 0) {
      return false;
    }
    int type = frame.getShort(at + ETHERTYPE) & 0xffff;
    six = type == IPV6;
    udp = ETHERNET + (six ? IPV6_HEADER : IPV4_HEADER);
    int datagram = length - udp;
    boolean fits =
        six
            ? datagram > UDP_HEADER
                && (frame.get(at + 14) & 0xf0) == 0x60
                && (frame.getShort(at + 18) & 0xffff) == datagram
                && frame.get(at + 20) == UDP
            : type == IPV4
                && frame.get(at + 14) == 0x45
                && (frame.getShort(at + 16) & 0xffff) == length - ETHERNET
                && (frame.getShort(at + 20) & 0x3fff) == 0
                && frame.get(at + 23) == UDP;
    if (!fits
        || VnetHeader.checksumStart(vnetWord) != udp
        || (frame.getShort(at + udp + UDP_LENGTH) & 0xffff) != datagram) {
      return false;
    }
    first = frame;
    word = vnetWord;
    segment = datagram - UDP_HEADER;
    payload = segment;
    segments = 1;
    complete = false;
    return true;
  }

  /**
   * Lets a frame continue the run.
   *
   * @return false if it does not, and the run ends before it
   */
  public boolean add(ByteBuffer frame, long vnetWord, int checksumOffset) {
    int more = frame.remaining() - headerLength();
    if (complete
        || vnetWord != word
        || checksumOffset != UDP_CHECKSUM
        || more < 1
        || more > segment
        || segments == MAX_SEGMENTS
        || payload + more > MAX_PAYLOAD
        || !sameFlow(frame, frame.position(), first.position(), more)) {
      return false;
    }
    complete = more < segment;
    payload += more;
    segments++;
    return true;
  }

  private boolean sameFlow(ByteBuffer frame, int at, int head, int more) {
    if (frame.getLong(at) != first.getLong(head)
        || frame.getLong(at + 8) != first.getLong(head + 8)
        || (frame.getShort(at + udp + UDP_LENGTH) & 0xffff) != UDP_HEADER + more
        || frame.getInt(at + udp) != first.getInt(head + udp)) {
      return false;
    }
    if (six) {
      return frame.getShort(at + 16) == first.getShort(head + 16)
          && (frame.getShort(at + 18) & 0xffff) == UDP_HEADER + more
          && frame.getShort(at + 20) == first.getShort(head + 20)
          && frame.getLong(at + 22) == first.getLong(head + 22)
          && frame.getLong(at + 30) == first.getLong(head + 30)
          && frame.getLong(at + 38) == first.getLong(head + 38)
          && frame.getLong(at + 46) == first.getLong(head + 46);
    }
    int identification = frame.getShort(at + 18) - first.getShort(head + 18) & 0xffff;
    return (frame.getShort(at + 16) & 0xffff) == IPV4_HEADER + UDP_HEADER + more
        && identification == segments
        && frame.getInt(at + 20) == first.getInt(head + 20)
        && frame.getLong(at + 26) == first.getLong(head + 26);
  }

  /** Makes the first frame's headers those of the super-frame; its vnet word. */
  public long close() {
    int at = first.position();
    int transport = at + udp;
    int old = first.getShort(transport + UDP_LENGTH) & 0xffff;
    int datagram = UDP_HEADER + payload;
    if (six) {
      first.putShort(at + 18, (short) datagram);
    } else {
      first.putShort(at + 16, (short) (IPV4_HEADER + datagram)).putShort(at + 24, (short) 0);
      first.putShort(at + 24, Checksum.ofHeader(Checksum.add(0, first, at + 14, transport)));
    }
    first.putShort(transport + UDP_LENGTH, (short) datagram);
    int pseudo = first.getShort(transport + UDP_CHECKSUM) & 0xffff;
    long grown = pseudo + (~old & 0xffffL) + datagram;
    first.putShort(transport + UDP_CHECKSUM, (short) Checksum.fold(grown));
    return VnetHeader.word(
        VnetHeader.NEEDS_CHECKSUM, VnetHeader.GSO_UDP_L4, headerLength(), segment, udp);
  }

  /** Bytes of a frame up to its payload, the same for all of the run. */
  public int headerLength() {
    return udp + UDP_HEADER;
  }

  /** Bytes of the super-frame. */
  public int length() {
    return headerLength() + payload;
  }

  /** Frames in the run. */
  public int segments() {
    return segments;
  }
}
