package dev.weft.wire.path;

import dev.weft.linux.VnetHeader;

/** Judges vnet headers that came over the network, before the kernel sees them. */
final class VnetCheck {
  private static final int ETHERNET_HEADER = 14;
  private static final int CHECKSUM_BYTES = 2;

  private VnetCheck() {}

  /**
   * Whether a header fits its frame: known flags and types, offsets inside the frame, a segment
   * size where there is a type.
   *
   * @param word see {@link VnetHeader}
   * @param checksumOffset from the checksum's start to its field, in bytes
   * @param frame length of the frame in bytes
   */
  static boolean fits(long word, int checksumOffset, int frame) {
    if (word == VnetHeader.NONE) {
      return true;
    }
    int flags = VnetHeader.flags(word);
    int type = VnetHeader.gsoType(word);
    int start = VnetHeader.checksumStart(word);
    if ((flags & ~(VnetHeader.NEEDS_CHECKSUM | VnetHeader.DATA_VALID)) != 0) {
      return false;
    }
    boolean partial = (flags & VnetHeader.NEEDS_CHECKSUM) != 0;
    if (partial && (start < ETHERNET_HEADER || start + checksumOffset + CHECKSUM_BYTES > frame)) {
      return false;
    }
    if (type == VnetHeader.GSO_NONE) {
      return true;
    }
    int kind = type & ~VnetHeader.GSO_ECN;
    boolean known =
        kind == VnetHeader.GSO_TCP4 || kind == VnetHeader.GSO_TCP6 || type == VnetHeader.GSO_UDP_L4;
    int headers = VnetHeader.headerLength(word);
    return known
        && partial
        && VnetHeader.gsoSize(word) > 0
        && headers > ETHERNET_HEADER
        && headers <= frame;
  }

  /** How many frames the header's super-frame stands for, at least 1. */
  static int segments(long word, int frame) {
    int segment = VnetHeader.gsoSize(word);
    int headers = VnetHeader.headerLength(word);
    boolean superFrame =
        VnetHeader.gsoType(word) != VnetHeader.GSO_NONE && segment > 0 && frame > headers;
    return superFrame ? (frame - headers + segment - 1) / segment : 1;
  }
}
