package dev.weft.linux;

/**
 * {@code virtio_net_hdr} (include/uapi/linux/virtio_net.h), 10 bytes little-endian, without an
 * object per frame: its first 8 bytes as a long, here called the word, and its last 2, the checksum
 * offset, as an int.
 */
public final class VnetHeader {
  /** Bytes. */
  public static final int LENGTH = 10;

  /** The word of a frame that is complete as it is. */
  public static final long NONE = 0;

  /** Flag: the checksum field holds the pseudo header's sum only. */
  public static final int NEEDS_CHECKSUM = 1;

  /** Flag: the checksum was verified. */
  public static final int DATA_VALID = 2;

  public static final int GSO_NONE = 0;
  public static final int GSO_TCP4 = 1;

  /** UDP fragmentation, which the kernel no longer makes. */
  public static final int GSO_UDP = 3;

  public static final int GSO_TCP6 = 4;

  /** UDP segmentation: datagrams of the GSO size each. */
  public static final int GSO_UDP_L4 = 5;

  /** Set beside a TCP type where the segments carry CWR. */
  public static final int GSO_ECN = 0x80;

  private static final int VLAN_TAG = 4;

  private VnetHeader() {}

  /**
   * The word of these fields.
   *
   * @param headerLength bytes of the frame up to its payload
   * @param gsoSize payload bytes of a segment
   * @param checksumStart offset in the frame from where the checksum is taken
   */
  public static long word(
      int flags, int gsoType, int headerLength, int gsoSize, int checksumStart) {
    return (flags & 0xffL)
        | (gsoType & 0xffL) << 8
        | (headerLength & 0xffffL) << 16
        | (gsoSize & 0xffffL) << 32
        | (checksumStart & 0xffffL) << 48;
  }

  public static int flags(long word) {
    return (int) word & 0xff;
  }

  public static int gsoType(long word) {
    return (int) (word >> 8) & 0xff;
  }

  public static int headerLength(long word) {
    return (int) (word >> 16) & 0xffff;
  }

  public static int gsoSize(long word) {
    return (int) (word >> 32) & 0xffff;
  }

  public static int checksumStart(long word) {
    return (int) (word >> 48) & 0xffff;
  }

  /** For the same frame with a VLAN tag put in before its EtherType. */
  static long tagged(long word) {
    boolean partial = (flags(word) & NEEDS_CHECKSUM) != 0;
    return word(
        flags(word),
        gsoType(word),
        gsoType(word) == GSO_NONE ? headerLength(word) : headerLength(word) + VLAN_TAG,
        gsoSize(word),
        partial ? checksumStart(word) + VLAN_TAG : checksumStart(word));
  }
}
