package dev.weft.wire;

/**
 * {@code virtio_net_hdr} (include/uapi/linux/virtio_net.h), 10 bytes little-endian: what offloads a
 * frame still needs. A header that came over the network is checked before the kernel sees it.
 */
final class VnetHeader {
  static final int LENGTH = 10;

  private static final int NEEDS_CSUM = 1;
  private static final int DATA_VALID = 2;
  private static final int GSO_NONE = 0;
  private static final int GSO_TCPV4 = 1;
  private static final int GSO_TCPV6 = 4;
  private static final int GSO_UDP_L4 = 5;
  private static final int GSO_ECN = 0x80;
  private static final int ETHERNET_HEADER = 14;

  private VnetHeader() {}

  /**
   * Whether a header fits its frame: known flags and types, offsets inside the frame, a segment
   * size where there is a type.
   *
   * @param low bytes 0 to 7 of the header as a little-endian long
   * @param csumOffset bytes 8 and 9
   * @param frame length of the frame in bytes
   */
  static boolean fits(long low, int csumOffset, int frame) {
    int flags = (int) low & 0xff;
    int type = (int) (low >>> 8) & 0xff;
    int headers = (int) (low >>> 16) & 0xffff;
    int segment = (int) (low >>> 32) & 0xffff;
    int csumStart = (int) (low >>> 48) & 0xffff;
    if ((flags & ~(NEEDS_CSUM | DATA_VALID)) != 0) {
      return false;
    }
    boolean checksum = (flags & NEEDS_CSUM) != 0;
    if (checksum && (csumStart < ETHERNET_HEADER || csumStart + csumOffset + 2 > frame)) {
      return false;
    }
    return switch (type & ~GSO_ECN) {
      case GSO_NONE -> type == GSO_NONE;
      case GSO_TCPV4, GSO_TCPV6 -> checksum && segmentFits(segment, headers, frame);
      case GSO_UDP_L4 -> type == GSO_UDP_L4 && checksum && segmentFits(segment, headers, frame);
      default -> false;
    };
  }

  private static boolean segmentFits(int segment, int headers, int frame) {
    return segment > 0 && headers > ETHERNET_HEADER && headers <= frame;
  }

  /** How many frames the header's super-frame stands for, at least 1. */
  static int segments(long low, int frame) {
    int segment = (int) (low >>> 32) & 0xffff;
    int headers = (int) (low >>> 16) & 0xffff;
    boolean superFrame = ((low >>> 8) & 0xff) != GSO_NONE && segment > 0 && frame > headers;
    return superFrame ? (frame - headers + segment - 1) / segment : 1;
  }
}
