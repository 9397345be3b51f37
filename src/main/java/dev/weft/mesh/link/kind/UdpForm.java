package dev.weft.mesh.link.kind;

import dev.weft.mesh.link.FrameLabel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * What a datagram of a udp link holds. A frame, as it is; or, told by a last byte that no frame's
 * label ends with, since its bits 0x08 and 0x40 have no meaning there:
 *
 * <pre>
 *   bytes | padding | length of the bytes 2 | id 2 | kind 1        numbers little-endian
 *
 *   0x48  first half of a frame, 0x49 its second half: both have the same id
 *   0x4a  a probe, without bytes
 *   0x4b  its answer, with the same id
 *   0x4c  a whole frame: a short one that is padded, or one that looks like a datagram of ours
 * </pre>
 *
 * <p>On a path that carries no whole frames, each datagram but an answer is at least {@link #LONE}
 * long, so that QUIC does not put two into one packet, which would be as long as what does not
 * pass.
 */
final class UdpForm {
  static final int FIRST_HALF = 0x48;
  static final int SECOND_HALF = 0x49;
  static final int PROBE = 0x4a;
  static final int ANSWER = 0x4b;
  static final int PADDED = 0x4c;

  /** Bytes behind a datagram of ours. */
  static final int TRAILER = 5;

  /** Two datagrams of this length are longer than the longest packet, 1,444 bytes. */
  static final int LONE = 712;

  /**
   * The longest frame that crosses whole, padded or not, on a path that carries no frame of {@link
   * FrameLabel#MAX_FRAME}: QUIC passes nowhere with less than 1,200, and acknowledgements need
   * room.
   */
  static final int SHORT = 1000;

  private static final int MARK = 0x48;
  private static final int NUMBER = 0x07;

  private UdpForm() {}

  /** The kind of a datagram; 0 for a frame as it is. */
  static int kind(ByteBuf datagram) {
    int last = datagram.getUnsignedByte(datagram.writerIndex() - 1);
    return (last & ~NUMBER) == MARK && datagram.readableBytes() >= TRAILER ? last : 0;
  }

  static int id(ByteBuf datagram) {
    return datagram.getUnsignedShortLE(datagram.writerIndex() - 3);
  }

  /** How many bytes it holds; -1 if it is shorter than it says. */
  static int length(ByteBuf datagram) {
    int length = datagram.getUnsignedShortLE(datagram.writerIndex() - TRAILER);
    return length <= datagram.readableBytes() - TRAILER ? length : -1;
  }

  /**
   * A datagram of ours.
   *
   * @param from what it holds, from this index on
   * @param total at least so long, trailer included
   */
  static ByteBuf make(
      ByteBufAllocator alloc, int kind, int id, ByteBuf bytes, int from, int length, int total) {
    int size = Math.max(total, length + TRAILER);
    ByteBuf made = alloc.directBuffer(size, size);
    return made.writeBytes(bytes, from, length)
        .writeZero(size - TRAILER - length)
        .writeShortLE(length)
        .writeShortLE(id)
        .writeByte(kind);
  }
}
